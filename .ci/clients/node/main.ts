// Calls a server with the types that openapi-typescript makes of its OpenAPI document, through openapi-fetch: creates an organization and
// finds it again by a filter with an operator. It fails to compile, or to run, unless the answers are what the document says.
import createClient from "openapi-fetch";
import type { paths } from "./roster.js";

const [server, key] = process.argv.slice(2);
// Lists can be had as text as well: which media type is spoken is said once.
const client = createClient<paths, "application/vnd.api+json">({
  baseUrl: server,
  headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/vnd.api+json" },
  // Lists are separated by commas; objects stand for parameters of their own. Neither is what openapi-fetch does by itself.
  querySerializer: { array: { style: "form", explode: false }, object: { style: "form", explode: true } },
});

const created = await client.POST("/public/v2/management/organizations", {
  body: { data: { type: "organizations", attributes: { name: "Typed & Sons" } } },
});
if (!created.data) {
  throw new Error(`creating an organization was answered with ${created.response.status}: ${JSON.stringify(created.error?.errors)}`);
}

const listed = await client.GET("/public/v2/management/organizations", {
  params: {
    query: {
      "page[size]": 1,
      sort: ["-createdAt"],
      filter: { "filter[name][prefix]": "Typed &" },
      fields: { "fields[organizations]": "name" },
    },
  },
});
const first = listed.data?.data[0];
if (first?.id !== created.data.data.id || first.attributes?.name !== "Typed & Sons" || first.attributes.createdAt !== undefined) {
  throw new Error(`listing it was answered with ${listed.response.status}: ${JSON.stringify(listed.data ?? listed.error)}`);
}
console.log("the client of openapi-typescript created an organization and found it");
