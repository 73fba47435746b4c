"""What a field of a reading is to Home Assistant: unit, device class, state class, digits to show, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass

MEASUREMENT = "measurement"
# Device classes and their units: homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS; docs, Sensor device classes.
# Field to unit, device class, most digits after the point that are worth showing.
_FIELDS: dict[str, tuple[str | None, str | None, int]] = {
    "humidity_pct": ("%", "humidity", 1),
    "moisture_pct": ("%", "moisture", 0),
    "pressure_hpa": ("hPa", "atmospheric_pressure", 1),
    "co2_ppm": ("ppm", "carbon_dioxide", 0),
    "pm1_ugm3": ("µg/m³", "pm1", 0),
    "pm25_ugm3": ("µg/m³", "pm25", 0),
    "pm10_ugm3": ("µg/m³", "pm10", 0),
    "distance_m": ("m", "distance", 3),
    "wind_mps": ("m/s", "wind_speed", 1),
    "wind_kmh": ("km/h", "wind_speed", 1),
    "rain_mm": ("mm", "precipitation", 1),
    "voc_ppb": ("ppb", "volatile_organic_compounds_parts", 0),
    "sound_db": ("dB", "sound_pressure", 1),
    "rssi_dbm": ("dBm", "signal_strength", 0),
    "count": (None, None, 0),
    "ph": (None, "ph", 2),
}
# The last word of a field's name, for drivers of the user's own.
_SUFFIXES: dict[str, tuple[str, str | None, int]] = {
    "c": ("°C", "temperature", 1),
    "pct": ("%", None, 1),
    "percent": ("%", None, 1),
    "pa": ("Pa", "pressure", 0),
    "hpa": ("hPa", "pressure", 1),
    "kpa": ("kPa", "pressure", 2),
    "v": ("V", "voltage", 3),
    "mv": ("mV", "voltage", 0),
    "a": ("A", "current", 3),
    "ma": ("mA", "current", 2),
    "w": ("W", "power", 1),
    "kw": ("kW", "power", 3),
    "mw": ("mW", None, 0),  # Home Assistant knows it as a power since 2025 only
    "wh": ("Wh", "energy", 1),
    "kwh": ("kWh", "energy", 3),
    "lx": ("lx", "illuminance", 0),
    "ppm": ("ppm", None, 0),
    "ppb": ("ppb", None, 0),
    "ugm3": ("µg/m³", None, 0),
    "hz": ("Hz", "frequency", 2),
    "khz": ("kHz", "frequency", 3),
    "mm": ("mm", "distance", 0),
    "cm": ("cm", "distance", 1),
    "km": ("km", "distance", 2),
    "m": ("m", None, 3),
    "mps": ("m/s", "speed", 1),
    "kmh": ("km/h", "speed", 1),
    "g": ("g", "weight", 0),
    "kg": ("kg", "weight", 2),
    "ml": ("mL", None, 0),
    "l": ("L", None, 2),
    "s": ("s", "duration", 0),
    "ms": ("ms", "duration", 0),
    "db": ("dB", None, 1),
    "dbm": ("dBm", "signal_strength", 0),
    "deg": ("°", None, 0),
    "us_cm": ("µS/cm", None, 0),
}
# What only grows, and starts anew with the node.
_GROWS = ("energy",)
_SPELLED = {"co2": "CO2", "ph": "pH", "voc": "VOC", "pm1": "PM1", "pm25": "PM2.5", "pm10": "PM10", "rssi": "RSSI", "uv": "UV"}


@dataclass(frozen=True)
class Meaning:
    """What a number is: unit and device class in Home Assistant's words, None where it has none; digits after the point."""

    name: str
    unit: str | None = None
    device_class: str | None = None
    state_class: str | None = None
    precision: int | None = None


def of_field(field: str, places: int) -> Meaning:
    """The meaning of a field of a driver. Arguments: field, a name in FIELDS, its unit at the end; places, its decimals.

    A field whose unit is not known is a number without one.
    """
    known: tuple[str | None, str | None, int] | None = None
    noun = ""
    for word in sorted(_FIELDS, key=len, reverse=True):
        if field == word or field.endswith("_" + word):
            noun = field.rpartition("_")[0]
            known = _FIELDS[word]
            break
    else:
        for word in sorted(_SUFFIXES, key=len, reverse=True):
            if field.endswith("_" + word):
                noun = field[: -len(word) - 1]
                known = _SUFFIXES[word]
                break
    if known is None:
        return Meaning(spelled(field), state_class=MEASUREMENT, precision=places)
    unit, device_class, most = known
    state_class = "total_increasing" if device_class in _GROWS else MEASUREMENT
    return Meaning(spelled(noun or field), unit, device_class, state_class, min(places, most))


def spelled(name: str) -> str:
    """A name of config.py or FIELDS in words: "voltage_0" is "voltage 0", "co2" is "CO2"."""
    return " ".join(_SPELLED.get(word, word) for word in name.replace("-", "_").split("_") if word)
