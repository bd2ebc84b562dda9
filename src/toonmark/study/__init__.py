"""The user study of section 4.6: people order methods' drawings, and a table counts their answers.

Results come from people who took the study. None ship with Toonmark.
"""
