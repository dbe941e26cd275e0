"""Our Apprise plugins. Apprise scans this folder for classes named ``Notify…``, so nothing else
lives here.
"""
