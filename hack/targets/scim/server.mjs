// A SCIM 2.0 service (scimmy, scimmy-routers) over TLS on loopback, for tests and the demo. What it is to do is the first line of its standard
// input, as JSON; it ends when that input ends, and so with whoever started it.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const input = createInterface({ input: process.stdin });
const options = JSON.parse((await input[Symbol.asyncIterator]().next()).value);
process.stdin.on("end", () => process.exit(0)).resume();

// The store: users and groups by id, kept in a file so that a restart loses nothing.
const load = () => {
    try {
        return JSON.parse(readFileSync(options.data, "utf8"));
    } catch (error) {
        if (error.code === "ENOENT") return { users: {}, groups: {} };
        throw error;
    }
};
const store = load();

const save = () => {
    writeFileSync(options.data + ".new", JSON.stringify(store));
    renameSync(options.data + ".new", options.data);
};

const put = (collection, id, content) => {
    const before = store[collection][id];
    const { id: _, meta: __, schemas: ___, ...attributes } = content;
    const now = new Date().toISOString();
    const version = Number(before?.meta.version.match(/\d+/)[0] ?? 0) + 1;
    store[collection][id] = { ...attributes, id, meta: { created: before?.meta.created ?? now, lastModified: now, version: `W/"${version}"` } };
    save();
    return store[collection][id];
};

const groupsOf = (userId) => Object.values(store.groups).filter(({ members = [] }) => members.some(({ value }) => value === userId));

// Deactivated or not, a user has its groups.
const withGroups = (user) => ({ ...user, groups: groupsOf(user.id).map(({ id, displayName }) => ({ value: id, display: displayName, type: "direct" })) });

// RFC 7643: userName and displayName are compared without regard to case. RFC 7644 §3.4.2.2: the strings of a filter are JSON's, which the
// library leaves as they were sent.
const folded = (attribute, value) => (["username", "displayname"].includes(attribute.toLowerCase()) && typeof value === "string" ? value.toLowerCase() : value);
const plain = (attribute, condition) => Array.isArray(condition)
    ? condition.map((part, i) => (Array.isArray(part) ? plain(attribute, part) : typeof part === "string" && i === condition.length - 1 && i > 0 ? folded(attribute, JSON.parse(`"${part}"`)) : part))
    : Object.fromEntries(Object.entries(condition).map(([name, inner]) => [name, plain(name, inner)]));
const select = (filter, values) => {
    if (!filter) return values;
    const conditions = new SCIMMY.Types.Filter([...filter].map((branch) => plain("", branch)));
    return values.filter((value) => conditions.match([Object.fromEntries(Object.entries(value).map(([name, v]) => [name, folded(name, v)]))]).length > 0);
};

const find = (collection, id) => {
    if (!store[collection][id]) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return store[collection][id];
};

const unchanged = (resource, request) => {
    const asked = request.get("if-match");
    if (asked && asked !== "*" && asked !== resource.meta.version) throw new SCIMMY.Types.Error(412, null, "The resource was changed since it was read");
};

const unique = (userName, id) => {
    if (Object.values(store.users).some((user) => user.id !== id && user.userName.toLowerCase() === userName.toLowerCase())) {
        throw new SCIMMY.Types.Error(409, "uniqueness", `userName ${userName} is taken`);
    }
};

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .egress((resource) => (resource.id ? withGroups(find("users", resource.id)) : select(resource.filter, Object.values(store.users).map(withGroups))))
    .ingress((resource, instance, request) => {
        if (resource.id) unchanged(find("users", resource.id), request);
        unique(instance.userName, resource.id);
        const { groups: _, password: __, ...attributes } = instance;
        return withGroups(put("users", resource.id ?? randomUUID(), attributes));
    })
    .degress((resource, request) => {
        unchanged(find("users", resource.id), request);
        for (const group of groupsOf(resource.id)) put("groups", group.id, { ...group, members: group.members.filter(({ value }) => value !== resource.id) });
        delete store.users[resource.id];
        save();
    });

SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .egress((resource) => (resource.id ? find("groups", resource.id) : select(resource.filter, Object.values(store.groups))))
    .ingress((resource, instance, request) => {
        if (resource.id) unchanged(find("groups", resource.id), request);
        const members = new Map();
        for (const { value } of instance.members ?? []) {
            if (!store.users[value]) throw new SCIMMY.Types.Error(400, "invalidValue", `Member ${value} does not exist`);
            members.set(value, { value, type: "User" });
        }
        return put("groups", resource.id ?? randomUUID(), { displayName: instance.displayName, externalId: instance.externalId, members: [...members.values()] });
    })
    .degress((resource, request) => {
        unchanged(find("groups", resource.id), request);
        delete store.groups[resource.id];
        save();
    });

const bearer = (token) => (request) => {
    if (request.get("authorization") !== `Bearer ${token}`) throw new Error("The token is not known here");
};

const app = express();

// ETag of RFC 7644 §3.14 in place of the digest that express computes.
app.disable("etag");
app.use(/^\/scim\/v2\/(Users|Groups)\/([^/]+)$/, (request, response, next) => {
    const send = response.send.bind(response);
    response.send = (body) => {
        if (body?.meta?.version) response.set("ETag", body.meta.version);
        return send(body);
    };
    next();
});
app.use("/scim/v2", new SCIMMYRouters({ type: "bearer", handler: bearer(options.token), context: (request) => request, baseUri: () => `https://127.0.0.1:${server.address().port}` }));

// What administrators do, past SCIM and with a token of their own.
const admin = express.Router();
admin.use(express.json());
admin.use((request, response, next) => {
    try {
        bearer(options.adminToken)(request);
        next();
    } catch (error) {
        response.status(401).send(error.message);
    }
});
const attempt = (act) => (request, response, next) => {
    try {
        response.json(act(request) ?? {});
    } catch (error) {
        next(error);
    }
};
admin.get("/state", attempt(() => ({ users: Object.values(store.users), groups: Object.values(store.groups) })));
admin.post("/users", attempt(({ body }) => {
    unique(body.userName);
    return put("users", randomUUID(), body);
}));
admin.patch("/users/:id", attempt(({ body, params }) => put("users", params.id, { ...find("users", params.id), ...body })));
admin.delete("/users/:id", attempt(({ params }) => {
    for (const group of groupsOf(params.id)) put("groups", group.id, { ...group, members: group.members.filter(({ value }) => value !== params.id) });
    delete store.users[params.id];
    save();
}));
admin.post("/groups", attempt(({ body }) => put("groups", randomUUID(), { members: [], ...body })));
admin.patch("/groups/:id", attempt(({ body, params }) => put("groups", params.id, { ...find("groups", params.id), ...body })));
admin.put("/groups/:id/members/:user", attempt(({ params }) => {
    const group = find("groups", params.id);
    const others = group.members.filter(({ value }) => value !== params.user);
    return put("groups", group.id, { ...group, members: [...others, { value: find("users", params.user).id, type: "User" }] });
}));
admin.delete("/groups/:id/members/:user", attempt(({ params }) => {
    const group = find("groups", params.id);
    return put("groups", group.id, { ...group, members: group.members.filter(({ value }) => value !== params.user) });
}));
admin.use((error, request, response, next) => response.status(error.status ?? 500).send(error.message));
app.use("/admin", admin);

const server = createServer({ cert: readFileSync(options.certificate), key: readFileSync(options.key) }, app);
server.listen(options.port, "127.0.0.1", () => console.log(server.address().port));
