"""What may a text with templates do, which somebody else wrote?"""
