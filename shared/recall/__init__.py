"""What Recall's services share: contracts, the kit, the plugin's library and the register."""
