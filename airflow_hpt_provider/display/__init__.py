"""How jobs are shown to people: words, tables, data frames and charts."""
