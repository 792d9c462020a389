"""Measures what calco promises about speed, beside what one would do without it. ``make bench`` runs it."""
