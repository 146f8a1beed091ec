"""Chinese words for ``area.object.verb`` and for kinds of objects. A part without a word is shown as it is written."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

AREAS = {
    "audit": _("审计"),
    "organisations": _("组织与账号"),
    "desk": _("文件与任务"),
    "plans": _("方案与规则"),
    "ledger": _("台账"),
    "filing": _("填报审核"),
    "monitoring": _("监测"),
    "energy": _("能源核算"),
    "indicators": _("指标"),
    "cockpit": _("驾驶舱与报告"),
}
"""The areas that the page offers as a filter, in the order of the floors."""

OBJECTS = {
    "user": _("账号"), "subject": _("主体"), "subjects": _("主体"), "department": _("部门"), "departments": _("部门"),
    "storedfile": _("文件"), "job": _("任务"), "inboxitem": _("待办"), "plan": _("方案"), "clause": _("条款"), "duty": _("职责"),
    "obligation": _("任务要求"), "action": _("行动"), "annex": _("附件"), "parent_target": _("上级目标"), "rule": _("规则"),
    "rulerow": _("规则"), "batch": _("台账批次"), "row": _("数据行"), "run": _("指标计算"), "value": _("指标值"), "values": _("指标值"),
    "target": _("目标"), "disclosure": _("公开决定"), "report": _("报告"), "guards": _("防改触发器"),
    "filing": _("报表"), "filings": _("报表"), "round": _("填报轮次"), "unlocking": _("解锁申请"), "owing": _("填报义务"),
    "check": _("检查"), "suppression": _("检查停用记录"),
    "workdays": _("工作日历"), "reminders": _("提醒"), "reminder_setting": _("提醒设置"),
    "apikey": _("接口密钥"), "inbox": _("待办"), "device": _("监测设备"), "devices": _("监测设备"), "incident": _("监测异常"),
    "evidence": _("依据文件"), "deduction": _("考核扣除项"),
}  # fmt: skip

VERBS = {
    "create": _("新建"), "made": _("新建"), "put": _("载入"), "change": _("修改"), "change_password": _("修改密码"), "read": _("查看"),
    "signed_in": _("登录"), "signed_out": _("退出"), "sign_in_failed": _("登录失败"), "factor_added": _("启用动态口令"),
    "factor_removed": _("停用动态口令"), "applied": _("生效"), "withdrawn": _("撤回"), "published": _("发布"), "disclosed": _("公开"),
    "filed": _("归档"), "proposed": _("提出"), "confirmed": _("确认"), "set": _("设定"), "laid": _("重建"),
    "revoke": _("撤销"), "password_renewed": _("重设口令"), "opened": _("启用"), "closed": _("停用"), "started": _("提交"),
    "save": _("保存草稿"), "submit": _("提交"), "start_review": _("开始审核"), "return": _("退回"), "accept": _("通过"), "lock": _("锁定"),
    "unlock": _("解锁"), "correct": _("更正"), "asked": _("申请"), "refused": _("不同意"), "ended": _("终止"),
    "uploaded": _("上传工作簿"), "loaded": _("载入"),
    "reconciled": _("更新"), "adopted": _("接管"), "entered": _("录入"), "completed": _("录全"), "removed": _("撤销"),
    "settled": _("处理"), "done": _("完成"), "failed": _("失败"), "cancelled": _("取消"),
    "attached": _("附上"),
}  # fmt: skip


def _word(words: Mapping[str, object], part: str) -> str:
    return str(words.get(part, part))


FIELDS = {
    "role": _("角色"), "username": _("账号"), "known": _("账号存在"), "what": _("内容"), "factor": _("验证方式"), "rows": _("行数"),
    "rows_sm3": _("各行的根"), "form": _("行格式"), "root": _("各值的根"), "values": _("值数"), "computed": _("算出数"),
    "run": _("计算批次"), "known_on": _("截至何日所知"), "rulebook_sm3": _("规则库SM3"), "code_version": _("程序版本"),
    "reason_sm3": _("理由的SM3"), "despite_sm3": _("先通过的理由的SM3"),
    "reason": _("理由"), "document": _("文件"), "count": _("数目"), "region": _("地区"), "parameter": _("参数"), "version": _("版次"),
    "opened": _("新开"), "closed": _("办结"), "state": _("状态"),
    "kind": _("种类"), "title": _("名称"), "subject": _("主体"), "department": _("部门"),
    "plan": _("方案"), "indicator": _("指标"), "annex": _("附件"), "targets": _("目标数"),
    "created": _("新建数"), "changed": _("改动数"), "triggers": _("触发器"),
    "subject_id": _("主体"), "systems": _("系统编码"), "edition": _("标准版本"), "profile": _("读法"), "addresses": _("登记地址"),
    "factors": _("应报因子"), "active": _("启用"), "password": _("访问密码"), "code": _("代码"), "first": _("第一个"),
    "file": _("文件"), "sm3": _("SM3"), "note": _("说明"), "batch": _("批次"),
    "name": _("名称"), "prefix": _("密钥开头"), "scopes": _("用途"), "expires_at": _("到期"),
}  # fmt: skip


def action_words(action: str) -> str:
    """``ledger.batch.applied`` → 台账批次·生效; an object without a word is named with its area."""
    area, _dot, rest = action.partition(".")
    known, _dot, verb = rest.rpartition(".")
    words = [*([] if known in OBJECTS else [_word(AREAS, area)]), _word(OBJECTS, known), _word(VERBS, verb)]
    return "·".join(word for word in words if word)


def field_words(field: str) -> str:
    """``rows`` → 行数."""
    return _word(FIELDS, field)


def kind_words(kind: str) -> str:
    """``ledger.batch`` → 批次."""
    return _word(OBJECTS, kind.rpartition(".")[2])
