"""Forecasts of indicators (预测): computed from the current values, kept, and never shown without interval and record."""
