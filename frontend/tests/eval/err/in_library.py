from dataclasses import dataclass


@dataclass
class Config:
    width: int = 4


Config(widht=5)
