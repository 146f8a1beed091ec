"""Writes of monitoring: the registry of devices, what is collected from the gateway, what is asked of people."""
