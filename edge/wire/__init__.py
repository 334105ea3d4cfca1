"""The link to a broker as both ends have it, the unit and central: TLS, MQTT 5, and the faults of the wire."""
