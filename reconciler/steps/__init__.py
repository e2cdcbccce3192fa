"""The verbs, one module each, in the order of `flow`: load, observe, resolve, diff, arrange, guard, apply.

A verb imports no other verb: what one hands to the next is a value.
"""
