"""Millions of photos, drawn on Ray Data: any address in, Parquet out, resumed after any end."""
