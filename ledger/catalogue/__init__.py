"""What a chip is: each maker's figures as data, and what the rule makes of them.

A source's `reviewed` is the day its figures were last compared with what is published of them;
`published` says when the source itself appeared, as exactly as is known.
"""
