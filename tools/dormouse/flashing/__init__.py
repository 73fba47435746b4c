"""Putting MicroPython onto a board: the file is checked first, then the tool that the board needs does the writing.

firmware: what is in the file; esp_image, dfu, uf2: its form, per family of boards; ports: where the board is;
esp: esptool; dfu: dfu-util; uf2: the boot loader's drive; steps: what the user sees.
"""
