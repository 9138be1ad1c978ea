"""What Recall's services share: contracts, the kit, the plugin's library and the register."""

__version__ = "0.1.0"
