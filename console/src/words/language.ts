/* The language that somebody reads. English is in the program; the texts of another one are a file, which is read before anything is drawn. */

import { preferences } from "../parts/preferences";

/** The languages that there are. What is added here has a folder of its own beside en. */
export const languages = [{ tag: "en", name: "English" }];

/** What a file of a language has: for each English text the one in its place. The direction is that of its letters. */
interface Language {
	tag: string;
	direction: "ltr" | "rtl";
	messages: Record<string, string>;
}

const english: Language = { tag: "en", direction: "ltr", messages: {} };

/** The language of this page. Another one is chosen with a new page, so that no text of before stays. */
export const language = await read(preferences().language);

document.documentElement.lang = language.tag;
document.documentElement.dir = language.direction;

async function read(tag: string): Promise<Language> {
	if (tag === english.tag || !/^[\w-]+$/.test(tag)) return english;
	try {
		const response = await fetch(`${import.meta.env.BASE_URL}words/${tag}.json`);
		return response.ok ? ((await response.json()) as Language) : english;
	} catch {
		return english; // a page without its language is better than none
	}
}

/** The tag by which Intl writes dates and times: English as in most of the world, the day before the month. */
export const dates = language.tag === "en" ? "en-GB" : language.tag;
