"""Shuangkong 双控: the software by which a city runs its energy-saving and emission-reduction plan."""

__version__ = "0.1.0"
