from pkg.layers.deep import Deeep
