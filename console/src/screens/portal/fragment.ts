/* What stands behind the # of a portal link: the token, and colours. It is read once, before anything is drawn, and taken out of the address. */

import { coloursIn, tokens } from "./colours";

const kept = "roster.portal.colours";

/** Takes the token out of the address, "" for none, and wears the colours beside it. */
export function takeFragment(): string {
	const parts = location.hash.slice(1).split("&").filter(Boolean);
	const token = parts.find((p) => p.startsWith("roster_l_")) ?? "";
	let colours = parts.filter((p) => p !== token);
	if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
	try {
		if (token || colours.length > 0) sessionStorage.setItem(kept, colours.join("&"));
		else colours = (sessionStorage.getItem(kept) ?? "").split("&");
	} catch {
		// A frame may have no storage: then a reload forgets them.
	}
	wear(colours);
	return token;
}

function wear(colours: string[]) {
	const { scheme, set } = tokens(coloursIn(colours));
	const { style, dataset } = document.documentElement;
	if (scheme) dataset.theme = scheme;
	for (const [name, value] of Object.entries(set)) style.setProperty(name, value);
}
