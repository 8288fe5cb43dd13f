"use strict";

const METHODS = ["get", "post", "put"];
const LOCKS = { user: "access token", service: "service credential", refresh_token: "refresh cookie" };

/** An element with attributes and children; text never becomes markup. */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

const nameOf = (reference) => reference.split("/").pop();

/** The type of a schema in a few words, with links to named ones. */
function type(schema) {
  if (schema.$ref) {
    const name = nameOf(schema.$ref);
    return el("a", { href: `#schema-${name}` }, name);
  }
  if (schema.anyOf) return joined(schema.anyOf.map(type), " or ");
  if (schema.enum) return el("code", {}, schema.enum.map((value) => JSON.stringify(value)).join(" | "));
  if ("const" in schema) return el("code", {}, JSON.stringify(schema.const));
  if (schema.type === "array") return el("span", {}, "list of ", type(schema.items ?? {}));
  return el("code", {}, [schema.type ?? "anything", bounds(schema)].filter(Boolean).join(" "));
}

function bounds({ minimum, maximum }) {
  if (minimum !== undefined && maximum !== undefined && maximum < 2 ** 31 - 1) return `${minimum} to ${maximum}`;
  return minimum !== undefined && minimum >= 0 ? `from ${minimum}` : "";
}

function joined(parts, separator) {
  return el("span", {}, ...parts.flatMap((part, index) => (index ? [separator, part] : [part])));
}

function table(rows) {
  const lines = rows.map(([head, kind, text]) =>
    el("tr", {}, el("th", { scope: "row" }, head), el("td", {}, kind), el("td", { class: "soft" }, text)),
  );
  return el("div", { class: "scroll" }, el("table", {}, el("tbody", {}, ...lines)));
}

function section(title, content) {
  return content ? [el("h4", {}, title), content] : [];
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map((each) => [
    each.name,
    type(each.schema),
    [each.in, each.required ? "required" : "", each.description ?? ""].filter(Boolean).join(" · "),
  ]);
  return rows.length ? table(rows) : null;
}

function properties(schema) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties ?? {}).map(([name, each]) => [
    name,
    type(each),
    [required.includes(name) ? "" : "optional", each.description ?? ""].filter(Boolean).join(" · "),
  ]);
  return rows.length ? table(rows) : type(schema);
}

const contentOf = (holder) => holder?.content?.["application/json"]?.schema;

function responses(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) => [
    el("span", { class: status < 400 ? "ok" : "bad" }, status),
    type(contentOf(response) ?? {}),
    response.description,
  ]);
  return table(rows);
}

/** A value that fits a schema, for the example. */
function example(schema, schemas) {
  if (schema.$ref) return example(schemas[nameOf(schema.$ref)], schemas);
  if (schema.anyOf) return example(schema.anyOf[0], schemas);
  if (schema.enum) return schema.enum[0];
  if (schema.type === "object") {
    const entries = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
    return Object.fromEntries(entries.map(([name, each]) => [name, sample(name) ?? example(each, schemas)]));
  }
  return { integer: 1, number: 24.9, boolean: true, array: [] }[schema.type] ?? "…";
}

const sample = (name) =>
  ({ email: "ada@example.org", username: "Ada", password: "a long secret", price: 24.9, title: "Emma" })[name];

function curl(method, path, operation, schemas) {
  const lines = [`curl ${location.origin}${path.replace(/\{\w+\}/g, "1")}`];
  if (method !== "get") lines[0] = lines[0].replace("curl", `curl -X ${method.toUpperCase()}`);
  const lock = Object.keys(operation.security?.[0] ?? {})[0];
  if (lock === "refresh_token") lines.push('--cookie "refresh_token=$REFRESH_TOKEN"');
  else if (lock) lines.push('-H "Authorization: Bearer $TOKEN"');
  const body = contentOf(operation.requestBody);
  if (body) {
    lines.push('-H "Content-Type: application/json"');
    lines.push(`-d '${JSON.stringify(example(body, schemas))}'`);
  }
  return lines.join(" \\\n  ");
}

function copyable(text) {
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return el("div", { class: "sample" }, el("pre", {}, text), navigator.clipboard ? button : null);
}

function operationCard(method, path, operation, schemas) {
  const locks = (operation.security ?? []).flatMap((each) => Object.keys(each)).map((name) => LOCKS[name]);
  const head = el("h3", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), path);
  if (locks.length) head.append(el("span", { class: "lock" }, locks.join(" or ")));
  const body = contentOf(operation.requestBody);
  const named = body?.$ref ? schemas[nameOf(body.$ref)] : body;
  return el(
    "article",
    { class: "card", id: operation.operationId },
    head,
    el("p", {}, operation.summary ?? ""),
    ...section("Parameters", parameters(operation)),
    ...section("Body", named ? properties(named) : null),
    ...section("Answers", responses(operation)),
    ...section("Example", copyable(curl(method, path, operation, schemas))),
  );
}

function schemaCard([name, schema]) {
  const head = el("h3", {}, name);
  return el("article", { class: "card", id: `schema-${name}` }, head, el("p", {}, schema.description ?? ""), properties(schema));
}

function operationsOf(spec) {
  return Object.entries(spec.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ method, path, operation: item[method] })),
  );
}

function show(spec) {
  const schemas = spec.components.schemas;
  const operations = operationsOf(spec);
  const nav = document.getElementById("nav");
  const main = document.getElementById("main");
  document.getElementById("title").textContent = spec.info.title;
  document.getElementById("description").textContent = spec.info.description;
  main.replaceChildren();
  for (const tag of new Set(operations.map(({ operation }) => operation.tags[0]))) {
    const own = operations.filter(({ operation }) => operation.tags[0] === tag);
    const title = tag.replaceAll("_", " ");
    nav.append(el("h2", {}, title));
    nav.append(...own.map(({ operation: { operationId, summary } }) => el("a", { href: `#${operationId}`, title: summary }, operationId)));
    main.append(el("h2", {}, title[0].toUpperCase() + title.slice(1)));
    main.append(...own.map(({ method, path, operation }) => operationCard(method, path, operation, schemas)));
  }
  nav.append(el("h2", {}, "Schemas"), ...Object.keys(schemas).map((name) => el("a", { href: `#schema-${name}` }, name)));
  main.append(el("h2", {}, "Schemas"), ...Object.entries(schemas).map(schemaCard));
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("openapi.json")
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(String(response.status)))))
  .then(show)
  .catch(() => {
    document.getElementById("state").textContent = "The document could not be loaded; reload the page to try again.";
  });
