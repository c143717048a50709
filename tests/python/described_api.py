"""Makes the requests of schemathesis meet things that exist.

Ids that are drawn from a pattern name nothing, so that every answer would be that nothing is there. Here most of them
are replaced by ids that the server has answered before, and the callers take turns. What was called and how often it
was answered with success is written at the end, so that a run in which nothing succeeded does not pass for a good one.

Reads OPERON_API_TOKENS (the file of tokens that came with the fixture) and OPERON_API_SUMMARY (the file to write).
"""

import atexit
import collections
import json
import os
import random
import re
import urllib.parse

import schemathesis

with open(os.environ["OPERON_API_TOKENS"], encoding="utf-8") as tokens:
    TOKENS = {name: token["auth"] for name, token in json.load(tokens).items()}
# The callers themselves are not among the users that paths name: a disabled caller could do no more.
KNOWN = {
    "project": ["project-00000000000000000000000%d" % n for n in (1, 2, 3)],
    "org": ["org-lab", "org-clinic"],
    "user": ["user-bob", "user-carol", "user-dave"],
}
# So many ids of a class are remembered, the newest.
REMEMBERED = 30
ID = re.compile(r"(project|container|record|file)-[0-9A-Za-z]{24}|(user|org)-[a-z0-9_.-]{1,255}")
SUBJECT = re.compile(r"^/([a-z]+)-\{id\}/")
# The server's own addresses for bytes, as they were given out.
ADDRESSES = {"upload": [], "download": []}

called = collections.Counter()
succeeded = collections.Counter()


def name_of(case):
    return f"{case.method.upper()} {case.operation.path}"


def with_known_ids(value, chance):
    if isinstance(value, str) and ID.fullmatch(value):
        known = KNOWN.get(value.split("-")[0])
        return chance.choice(known) if known and chance.random() < 0.8 else value
    if isinstance(value, list):
        return [with_known_ids(item, chance) for item in value]
    if isinstance(value, dict):
        # Other keys stay as they are, and none is lost where two become one.
        return {with_known_ids(key, chance): with_known_ids(item, chance) for key, item in value.items()}
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    # The same request meets the same choice, so that a failure can be told in terms of its request.
    chance = random.Random(f"{name_of(case)} {case.path_parameters!r} {case.body!r}")
    called[name_of(case)] += 1
    subject = SUBJECT.match(case.operation.path)
    if subject and KNOWN.get(subject[1]) and chance.random() < 0.8:
        case.path_parameters["id"] = chance.choice(KNOWN[subject[1]]).split("-", 1)[1]
    if isinstance(case.body, (dict, list)):
        case.body = with_known_ids(case.body, chance)
    door = case.operation.path.split("/")[1]
    if ADDRESSES.get(door) and chance.random() < 0.7:
        address = urllib.parse.urlsplit(chance.choice(ADDRESSES[door]))
        names = re.findall(r"\{(\w+)\}", case.operation.path)
        segments = [urllib.parse.unquote(segment) for segment in address.path.split("/")[2:]]
        case.path_parameters = dict(zip(names, segments))
        case.query = dict(urllib.parse.parse_qsl(address.query))
    elif chance.random() < 0.95:
        caller = "administrator" if chance.random() < 0.3 else "person"
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKENS[caller]}"}


def remember(value):
    if isinstance(value, str) and ID.fullmatch(value):
        known = KNOWN.setdefault(value.split("-")[0], [])
        if value not in known and value not in ("user-root", "user-alice"):
            known.append(value)
            del known[:-REMEMBERED]
    elif isinstance(value, list):
        for item in value:
            remember(item)
    elif isinstance(value, dict):
        for item in value.values():
            remember(item)


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code != 200:
        return
    succeeded[name_of(case)] += 1
    try:
        answer = response.json()
    except ValueError:
        return
    if case.operation.path == "/openapi.json":
        return
    remember(answer)
    if isinstance(answer, dict) and isinstance(answer.get("url"), str):
        door = urllib.parse.urlsplit(answer["url"]).path.split("/")[1]
        addresses = ADDRESSES.setdefault(door, [])
        addresses.append(answer["url"])
        del addresses[:-REMEMBERED]


@atexit.register
def write_summary():
    with open(os.environ["OPERON_API_SUMMARY"], "w", encoding="utf-8") as file:
        json.dump({"called": called, "succeeded": succeeded}, file, indent=1, sort_keys=True)
