"""The words of AERO as plain values: nouns, wire, policy, errors, configuration. Pure, and needing nothing."""
