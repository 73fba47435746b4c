"""TLS for a node: the context of its link, and no link before the time is known. Loaded only with config.TLS."""


def add(options, state, credentials, host):
    """Put into `options` what burst.exchange() needs for TLS.

    options: of the burst. state: node.state.State. credentials: the module; its CA, CERT and KEY are DER or PEM data, or names
    of files on the board. host: the name or address that the broker's certificate must carry.
    Raises OSError("clock") while the clock is not set: no certificate's dates mean anything then. ValueError, OSError: a
    credential that cannot be read or used. Without CA nothing is checked, which mqtt.tls says.
    """
    if not state.fixed_at:
        raise OSError("clock")
    from mqtt import tls

    params = {}
    for key, name in (("cadata", "CA"), ("cert", "CERT"), ("key", "KEY")):
        value = getattr(credentials, name, None)
        if value:
            params[key] = value
    options["ssl"], options["host"] = tls.context(True, params, host)
