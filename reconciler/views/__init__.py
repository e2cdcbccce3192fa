"""The voices: a plan, a report or a problem as a person or a program reads it.

One module a voice. A voice knows the nouns and nothing else: what is shown never steers what is done. A new one (a
pull request's markdown, an HTML report, a policy tool's format) is a module beside these.
"""
