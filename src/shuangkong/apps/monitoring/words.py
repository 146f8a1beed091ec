"""What each incident means to an operator: its title, how grave it is, what to do, and whether it needs a person at once."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from shuangkong.hj212.faults import FAULTS


class Kind(NamedTuple):
    """A kind of incident. ``severity`` 1 is the gravest; ``after`` is how many times a day ask for a person (0: never)."""

    title: object
    do: object
    severity: int = 3
    after: int = 0


#: Kinds that have words of their own; every other deviation of the standard is :func:`kind_of`'s.
KINDS: dict[str, Kind] = {
    "device_unknown": Kind(
        _("未登记的设备"), _("问清是谁的设备：应当接入的，登记它；不应当接入的，请其停发或在防火墙拦截其地址。"), 2, 1
    ),
    "password_wrong": Kind(
        _("访问密码不符"), _("与运维单位核对该设备的访问密码；不是本设备的地址在冒用，按地址追查。"), 1, 3
    ),
    "address_wrong": Kind(
        _("从未登记的地址连接"), _("与运维单位核对设备的出口地址；属实则改登记的地址，不属实按地址追查。"), 1, 1
    ),
    "edition_mismatch": Kind(
        _("标准版本与登记不符"), _("核对设备实际执行的标准版本，改登记的版本，或请运维单位改设备的设置。"), 2
    ),
    "data_time_implausible": Kind(
        _("数据时间不合理"), _("数据照收，但时间不可信：请运维单位校时，之后核对这段时间的数据。"), 2, 1
    ),
    "clock_off": Kind(_("现场机时钟偏差过大"), _("给现场机校时（命令1012），再看新报文的时间。"), 2, 1),
    "factor_unknown": Kind(
        _("因子编码不在标准中"), _("请运维单位改用标准的因子编码；确属地方扩展的，请其提供编码表。"), 2
    ),
    "value_out_of_type": Kind(
        _("值超出规定的位数"), _("核对设备的量程与小数位设置；反复出现时，该因子的数据不宜采信。"), 2
    ),
    "value_not_a_number": Kind(_("值不是数字"), _("核对设备的数据输出设置；该值不作数。"), 2),
    "st_not_registered": Kind(_("系统编码与登记不符"), _("核对该设备属于哪类污染源，改登记或改设备的设置。"), 2),
    "crc_mismatch": Kind(_("校验码不符"), _("偶尔一次是线路差错，设备会重发；持续不断时请运维单位检查线路与程序。"), 3),
    "crc_modbus": Kind(_("校验码算法不是本标准的"), _("请运维单位改用标准算法；确需放行的，由有权的人批准登记。"), 2),
    "garbage": Kind(_("帧以外的字节"), _("来自登记设备的，检查线路；来自陌生地址的，多半是扫描，可在防火墙拦截。"), 3),
    "packets_missing": Kind(_("分包未到齐"), _("请运维单位补传；缺的部分不会用别的数补上。"), 2),
    "too_many_connections": Kind(_("连接数超过上限"), _("看是否有设备反复重连，或有陌生地址大量连接。"), 2),
    "devices_file_broken": Kind(_("设备文件无法读取"), _("网关仍用原来的设备；在设备页任改一台再保存，会重写这个文件。"), 1, 1),
    "incidents_dropped": Kind(_("异常种类过多，未逐一记录"), _("多半有人在扫描或冒用大量编码，按地址追查。"), 1, 1),
    "batch_damaged": Kind(_("交接文件损坏"), _("检查存储所在的磁盘；这一批的报文没有计入。"), 1, 1),
}  # fmt: skip
_CLOSED = Kind(_("网关断开了连接"), _("偶尔一次不必理会；反复出现时检查设备或线路。"), 3)
_OTHER = Kind(_("与标准有偏差"), _("请运维单位按标准改正；宽松读法照收，严格读法不收。"), 3)

ANSWERS: dict[str, object] = {
    "none": _("不应答"),
    "not_asked": _("照收；该报文不要求应答"),
    "9014": _("照收并应答 9014（数据应答）"),
    "9013": _("照收并应答 9013（通知应答）"),
    "": _("不涉及应答"),
}


def kind_of(code: str) -> Kind:
    """The kind of a code; a deviation without words of its own is named as the standard's list of faults names it."""
    known = KINDS.get(code)
    if known is not None:
        return known
    if code.startswith("closed_"):
        return _CLOSED
    fault = FAULTS.get(code)
    return _OTHER._replace(title=fault[0]) if fault else _OTHER


def answer_words(answer: str) -> object:
    """What the gateway answered, in words."""
    return ANSWERS.get(answer, answer)
