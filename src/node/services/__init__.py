"""Where readings go: one small file per service, loaded only when config.py chooses it by SERVICE. One contract:

Text below is str. template: config.TOPIC, with {user} replaced by credentials.USER. name: the node's.

    topic(template, name, leaf) -> text    the topic of what the node says: leaf is "readings" (this wake's reading), "history"
                                           (records of earlier wakes, which carry their own time), "status", "report", "log",
                                           "result"; and of what it hears: "set". "" where the service has none: then adapt()
                                           must take out the messages that would go there (status, report, log; "set" is the
                                           greeting of docs/messages.md)
    subscriptions(template, name)          the filters on which commands come, a list of (filter, qos), two at most, the node's
                                           own first. Refused ones are asked for again seldom (node.grants)
    readings(key, when, utc, body)         the payload of one record, bytes. key: boot count << 16 | sequence number. when:
                                           seconds since 1970 if utc, else since the cold boot. body: bytes, the sensors' JSON
                                           text without the outer braces; empty when every sensor failed
    result(command_id, error)              the payload of the answer to a command. command_id: what its "id" was, or None.
                                           error: text, None when it is obeyed

Optional; what a service does not have costs nothing:

    adapt(memory, template, name, messages, options)
                                           called when the messages that go along with the readings are made (node.report),
                                           before the client is loaded; change both in place. messages: a list of (topic,
                                           payload, retain, qos, pid 0, dup False), payload str or bytes; put more in front (a
                                           `/get`, say), never at the end: the acknowledgement of the last one counts when it is
                                           the traceback. options: of burst.exchange(): "client_id" (NAME-CHIP), "user",
                                           "password", "will" (topic, text, retain, qos), "subscribe": more (filter, qos) may be
                                           appended in a new list. Called again for the answers to a command, with options None:
                                           the client is loaded then, and memory scarce
    heard(memory, topic, payload, retain, dup)  a message came, all as burst.exchange() gives them (bytes, bytes, bool, bool).
                                           Returns the four again for what is to be taken as a command, payload the JSON object
                                           of docs/commands.md; None when it was something else, and is dealt with. Memory is at
                                           its scarcest: import what it takes in there, and drop it again (node.drop)
    most(memory, found)                    how many of these records, from the first, may go out in this burst: what stays is
                                           kept for the next upload. Called before each burst of an upload, while the client is
                                           not loaded; 0 ends the upload. found: of outbox.pending()
    rest(memory, every, more, acked)       the readings are delivered: what else the service wants to say, in a burst of its own
                                           each time, until it returns None. Returns a sequence of messages as above with a
                                           clear(); it is gone through twice, first for the room that they take. every:
                                           config.UPLOAD_EVERY. more, acked: the messages of the burst before, and which were
                                           acknowledged (1), 0 for others. What fails here does not fail the upload
    from node.services.plain import ...    whatever a service has in common with the default one

Memory: node.memory.Memory. The file is loaded twice in an upload, for session.settings() and for upload.run(), where it stays
until the end: what it keeps in variables of its own is there from adapt() on. The peak of the heap is the burst, so a service
should be no larger than plain.py; what only rest() needs is imported there.

How failures sleep, no service decides: CONNACK and PUBACK codes and lost links are node.backoff's, as for all. A service
that is told to wait says so with node.throttle.

A new service's name goes into config.py's comment on SERVICE, and its recipe into docs/services.md.

What only the PC reads, as in drivers (sensors/__init__.py): a private const() costs no byte on the board.

    _TOPICS = const((                      topics by leaf, "" for any other, where they are not TOPIC/leaf; "#": what a reader
        ("", "{base}/{leaf}"),             of all subscribes to. For `dormouse simulate`. {base}: TOPIC, name and user put in
    ))
    _LIMITS = const((                      one row for each limit: name, number, unit, its source
        ("message", 131072, "bytes", "..."),
    ))

Settings that this service cannot have are found on the PC: a rule in tools/dormouse/checking/.
"""
