"""The contracts between Recall's services and with channel plugins: words, events, topics.

Pydantic only; nothing here performs I/O, reads a clock or draws a random number.
"""
