"""Draws procedures for people who read them: a diagram and a page, made from the definition alone.

Pure, like the rest of the domain: texts come out, files are somebody else's. Made for graphs of tens of states.
"""
