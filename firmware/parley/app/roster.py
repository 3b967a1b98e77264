"""Who is in a conference, as its watchers are told it (RFC 4575 4): what has changed since each was told last.

Each change has a revision, and a watcher is a cursor among revisions. So a partial document, the rest of a full one
that was too large, and all that happened while a NOTIFY was under way are one thing: what is newer than the cursor.
"""

from parley.wire import conference_info

GONE_REMEMBERED = 32  # who missed more is told all again


class Cursor:
    """One watcher: the revision he knows, and the version of the next document for him (RFC 4575 4)."""

    def __init__(self):
        self.revision = 0
        self.version = 0


class User:
    """One URI with its endpoints: [key, URI, status, joining method] each."""

    def __init__(self, uri):
        self.uri = uri
        self.endpoints = []
        self.revision = 0


class Roster:
    """The users of one conference. uri: its address; size: places it has."""

    def __init__(self, uri, size):
        self.uri = uri
        self.size = size
        self.revision = 0
        self.active = True
        self._users = []  # the one that changed last at the end
        self._gone = []  # (revision, uri), oldest first
        self._forgotten = 0  # the newest revision of a departure that is not in _gone any more

    def put(self, key, uri, endpoint_uri, status, joining):
        """An endpoint is in, or has changed. Returns whether that is news."""
        user = self._find(uri) or User(uri)
        fresh = [key, endpoint_uri, status, joining]
        if fresh in user.endpoints:
            return False
        user.endpoints = [one for one in user.endpoints if one[0] != key] + [fresh]
        self._gone = [one for one in self._gone if one[1] != uri]
        self._touch(user)
        return True

    def take_out(self, key, uri):
        """An endpoint is out. Returns whether that is news."""
        user = self._find(uri)
        if user is None or key not in [one[0] for one in user.endpoints]:
            return False
        user.endpoints = [one for one in user.endpoints if one[0] != key]
        if user.endpoints:
            self._touch(user)
            return True
        self._users.remove(user)
        self.revision += 1
        self._gone.append((self.revision, uri))
        if len(self._gone) > GONE_REMEMBERED:
            self._forgotten = self._gone.pop(0)[0]
        return True

    def document(self, cursor, full, limit):
        """(document as bytes, whether it holds all news) for a watcher, whose cursor it moves on.

        full: from the beginning. limit: bytes; a document has one user at least, however long his name.
        """
        if full or cursor.revision < self._forgotten:
            full = True
            cursor.revision = 0
        count = len([one for user in self._users for one in user.endpoints if one[2] in conference_info.IN])
        beginning = conference_info.head(self.uri, cursor.version, full, count, self.size, self.active)
        left = limit - conference_info.octets_of(beginning, [])
        pieces = []
        whole = True
        for revision, text in self._news(cursor.revision, full):
            left -= len(text.encode())
            if left < 0 and pieces:
                whole = False
                break
            pieces.append(text)
            cursor.revision = revision
        cursor.version += 1
        return conference_info.document(beginning, pieces), whole

    def _news(self, since, full):
        """(revision, text) of every user who changed or left after `since`, in order."""
        news = [(user.revision, _text_of(user)) for user in self._users if user.revision > since]
        if not full:
            news += [
                (revision, conference_info.user_gone(uri)) for revision, uri in self._gone if revision > since
            ]
            news.sort()
        return news

    def _find(self, uri):
        for user in self._users:
            if user.uri == uri:
                return user
        return None

    def _touch(self, user):
        self.revision += 1
        user.revision = self.revision
        if user in self._users:
            self._users.remove(user)
        self._users.append(user)


def _text_of(user):
    endpoints = [conference_info.endpoint(uri, status, joining) for _, uri, status, joining in user.endpoints]
    return conference_info.user(user.uri, endpoints)
