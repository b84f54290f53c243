"""The languages of copy, and how a day is written in each."""

LOCALES = {"en": "en", "zh": "zh-hans"}
DATE_FORMATS = {"en": "j F Y", "zh": "Y年n月j日"}
