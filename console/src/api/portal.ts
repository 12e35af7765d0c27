/* Whether the page is that of a portal link: then every request says so, and the cookie of the link is the only one that counts. */

/** The id of the link, "" for a page of the console. */
export const portalId = /^\/console\/portal\/([^/]+)/.exec(location.pathname)?.[1] ?? "";

/** The headers by which requests say so. */
export const portalHeaders: Record<string, string> = portalId ? { "Roster-Session": "portal" } : {};
