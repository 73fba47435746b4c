"""Bringing a user's copy of the template to another version: ``dormouse upgrade``.

shipped: which files are the template's. source: the folder or zip of the other version. versions: which is newer.
compare: what differs. configuration: the user's settings under the new schema, migrations: its table. swap: the files
themselves, all or nothing. undo: back again. show: what the user sees.
"""
