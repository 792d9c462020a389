"""The cmdlets that know no Azure."""
