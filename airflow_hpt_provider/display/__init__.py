"""Formats jobs for users: texts, tables, data frames and charts."""
