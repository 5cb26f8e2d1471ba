"""The `aero-jupyter` command: its subcommands, the doctor, the terminal login and the demo.

CLI code may import session, client, service and the layers below them, but not the notebook.
"""
