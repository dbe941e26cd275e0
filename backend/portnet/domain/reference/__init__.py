"""Reference tables and what is looked up in them: places, offices, tariff headings."""
