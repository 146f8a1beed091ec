"""Settings, urls, wsgi and the ``shuangkong`` command."""
