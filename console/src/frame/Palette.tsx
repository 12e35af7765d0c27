/* Find or paste anything: a text, an id of any type, a request id, a number, an address, a URL of this API, a key. */

import { Dialog as Base } from "@base-ui/react/dialog";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useLocation } from "wouter";
import { organizationsOf, type Me } from "../api/me";
import { url } from "../api/client";
import type { RecordedEvent } from "../api/resources";
import { useRead } from "../api/query";
import { Icon, Kind, type IconName } from "../parts/icons";
import { Typed } from "../parts/small";
import { short } from "../words/time";
import { useFind, type Found } from "./find";
import { keysNow } from "./keys";
import { lists } from "./Side";
import { recognize } from "./recognize";
import { icons, typesFor, whereIs } from "./where";
import { t } from "../words/message";

interface Option {
	id: string;
	icon?: IconName;
	kind?: string;
	name: string;
	second?: string;
	key?: string;
	/** Where it leads, or what it does. */
	to?: string;
	act?: () => void;
}

interface Group {
	title: string;
	options: Option[];
}

export default function Palette({ me, close, organization }: { me: Me | undefined; close: () => void; organization?: string }) {
	const [, go] = useLocation();
	const [text, setText] = useState("");
	const [at, setAt] = useState(0);
	const listId = useId();
	const known = useMemo(() => recognize(text), [text]);
	const asked = ["text", "number", "slug", "id"].includes(known.kind) ? known.text : "";
	const { found, text: answered, failed } = useFind(asked, typesFor(asked), organizationsOf(me));
	const late = answered !== asked; // what is listed was found for another text
	const [entered, setEntered] = useState(false);
	const byId = useById(known.kind === "id" ? known.text : null, organizationsOf(me));
	const pages = usePagesAndActions(text, organization);
	const groups: Group[] = [
		...(known.kind === "key"
			? [{ title: t("frame.palette.aKeyOnlyItsPublic", { key: known.text }), options: keyOptions(known.text) }]
			: []),
		...(known.kind === "path"
			? [
					{
						title: t("frame.palette.aPageOfThisService"),
						options: [{ id: "path", icon: "out" as const, name: known.text, to: known.text }],
					},
				]
			: []),
		...byId,
		{ title: t("frame.palette.found"), options: (found ?? []).filter((f) => whereIs(f) && !of(byId, f.id)).map(optionOf) },
		...pages,
	].filter((g) => g.options.length > 0);
	const options = groups.flatMap((g) => g.options);
	const current = options[Math.min(at, options.length - 1)];

	const choose = (o: Option | undefined, tab = false) => {
		if (!o) return;
		if (tab && o.to) {
			window.open("/console" + o.to, "_blank", "noopener");
			return;
		}
		close();
		if (o.to) go(o.to);
		else o.act?.();
	};
	// Who types a name and presses Enter at once means what is found for all of it.
	const enter = entered && !late;
	useEffect(() => {
		if (!enter) return;
		setEntered(false);
		chooseNow.current();
	}, [enter]);
	const chooseNow = useRef(() => {});
	chooseNow.current = () => choose(current);
	const onKey = (e: KeyboardEvent) => {
		if (e.nativeEvent.isComposing) return; // Enter ends a word that is being put together, as of Japanese
		if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			e.preventDefault();
			const by = e.key === "ArrowDown" ? 1 : -1;
			setAt((now) => (Math.min(now, options.length - 1) + by + options.length) % Math.max(options.length, 1));
		}
		if (e.key === "Enter") {
			e.preventDefault();
			if (late) setEntered(true);
			else choose(current, e.ctrlKey || e.metaKey);
		}
	};
	const nothing = asked.length > 0 && found !== null && options.length === 0;
	return (
		<Base.Root open onOpenChange={(open) => !open && close()}>
			<Base.Portal>
				<Base.Backdrop className="scrim" />
				<Base.Viewport className="viewport viewport-top">
					<Base.Popup className="dialog palette" aria-label={t("common.findOrPasteAnything")}>
						<label className="with-icon">
							<Icon name="search" />
							<span className="only-read">{t("common.findOrPasteAnything")}</span>
							<input
								className="input"
								role="combobox"
								aria-expanded="true"
								aria-autocomplete="list"
								aria-controls={listId}
								aria-activedescendant={current ? `${listId}-${current.id}` : undefined}
								placeholder={t("frame.palette.nameNumberAddressIdRequest")}
								autoComplete="off"
								spellCheck={false}
								value={text}
								onChange={(e) => {
									setText(e.target.value);
									setAt(0);
									setEntered(false);
								}}
								onKeyDown={onKey}
							/>
						</label>
						<div className="menu" role="listbox" id={listId} aria-label={t("frame.palette.found")}>
							{groups.map((g) => (
								<div role="group" key={g.title} aria-label={g.title}>
									<div className="menu-title" aria-hidden="true">
										{g.title}
									</div>
									{g.options.map((o) => (
										<OptionRow
											key={o.id}
											id={`${listId}-${o.id}`}
											option={o}
											current={o === current}
											choose={(tab) => choose(o, tab)}
										/>
									))}
								</div>
							))}
						</div>
						{known.kind === "none" && text.trim() && <p className="second palette-none">{t("frame.palette.aSecret")}</p>}
						{failed instanceof Error && !late && <p className="second palette-none">{failed.message}</p>}
						{nothing && <p className="second palette-none">{t("frame.palette.nothingThatYouMaySee")}</p>}
						<div className="dialog-foot second wide-only-flex">
							<span className="row">
								<kbd>↑</kbd>
								<kbd>↓</kbd> {t("frame.palette.choose")}
							</span>
							<span className="row">
								<kbd>{t("frame.palette.enter")}</kbd> {t("frame.palette.open")}
							</span>
							<span className="row">
								<kbd>{t("frame.palette.ctrlEnter")}</kbd> {t("frame.palette.openInANewTab")}
							</span>
							<span className="row end">
								<kbd>{t("frame.palette.esc")}</kbd> {t("frame.palette.close")}
							</span>
						</div>
					</Base.Popup>
				</Base.Viewport>
			</Base.Portal>
		</Base.Root>
	);
}

function OptionRow({ id, option: o, current, choose }: { id: string; option: Option; current: boolean; choose: (tab: boolean) => void }) {
	return (
		<div
			role="option"
			id={id}
			aria-selected={current}
			data-highlighted={current ? "" : undefined}
			onClick={(e) => choose(e.ctrlKey || e.metaKey)}
		>
			{o.kind !== undefined ? <Kind kind={o.kind} /> : <Icon name={o.icon ?? "next"} />}
			<span className="cut">
				<Typed>{o.name}</Typed>
			</span>
			{o.second && (
				<span className="second quiet end cut">
					<Typed>{o.second}</Typed>
				</span>
			)}
			{o.key && <kbd className="end">{o.key}</kbd>}
		</div>
	);
}

function optionOf(f: Found): Option {
	return {
		id: f.id,
		name: f.name,
		second: f.second,
		icon: icons[f.type],
		kind: f.type === "organizations" ? (f.kind ?? "other") : undefined,
		to: whereIs(f),
	};
}

/** Reports whether one of some groups has something already. */
function of(groups: Group[], id: string): boolean {
	return groups.some((g) => g.options.some((o) => o.id === id));
}

function keyOptions(keyId: string): Option[] {
	return [{ id: "key", icon: "key", name: t("frame.palette.findThisKey"), to: `/keys?filter[keyId]=${encodeURIComponent(keyId)}` }];
}

/** What an id is of: an organization, a person, an event, a delivery, or a request, which is known by its events. */
function useById(id: string | null, organizations: string): Group[] {
	const organization = useRead<{ id: string; attributes: { name?: string; kind?: string } }>(
		id && url(`${organizations}/${id}`, { "fields[organizations]": "name,kind" }),
		{ every: false },
	);
	const user = useRead<{ id: string; attributes: { fullName?: string; email?: string } }>(
		id && url(`users/${id}`, { "fields[users]": "fullName,email" }),
		{ every: false },
	);
	const event = useRead<RecordedEvent>(id && url(`events/${id}`, { "fields[events]": "eventType,occurredAt" }), { every: false });
	const request = useRead<RecordedEvent[]>(
		id && url("events", { "filter[requestId]": id, "fields[events]": "eventType,occurredAt", "page[size]": 10 }),
		{ every: false },
	);
	const deliveries = useRead<{ id: string; attributes: { eventType?: string } }[]>(
		id && url("webhookDeliveries", { "filter[eventId]": id, "fields[webhookDeliveries]": "eventType,state", "page[size]": 10 }),
		{ every: false },
	);
	if (!id) return [];
	const groups: Group[] = [];
	const o = organization.data?.data;
	if (o)
		groups.push({
			title: t("frame.palette.anOrganization"),
			options: [{ id: o.id, kind: o.attributes.kind, name: o.attributes.name ?? "", to: `/organizations/${o.id}` }],
		});
	const u = user.data?.data;
	if (u)
		groups.push({
			title: t("frame.palette.aPerson"),
			options: [{ id: u.id, icon: "people", name: u.attributes.fullName ?? "", second: u.attributes.email, to: `/people/${u.id}` }],
		});
	const e = event.data?.data;
	if (e) groups.push({ title: t("frame.palette.anEventWhichIsWhat"), options: [eventOption(e)] });
	const events = request.data?.data ?? [];
	if (events.length) {
		groups.push({
			title:
				events.length === 1
					? t("frame.palette.aRequestIdItChanged")
					: t("frame.palette.aRequestIdItChanged2", { count: events.length }),
			options: [
				...events.map(eventOption),
				{ id: "all", icon: "list" as const, name: t("frame.palette.allThatItChanged"), to: `/events?filter[requestId]=${id}` },
			],
		});
	}
	const sent = deliveries.data?.data ?? [];
	if (sent.length)
		groups.push({
			title: t("frame.palette.whatCameOfIt"),
			options: [
				{
					id: "deliveries",
					icon: "send",
					name: t("frame.palette.itsDeliveries", { count: sent.length }),
					to: `/deliveries?filter[eventId]=${id}`,
				},
			],
		});
	return groups;
}

function eventOption(e: RecordedEvent): Option {
	return { id: e.id, icon: "clock", name: e.attributes.eventType ?? "", second: short(e.attributes.occurredAt), to: `/events/${e.id}` };
}

/** The pages, and what can be done on this one. */
function usePagesAndActions(text: string, organization?: string): Group[] {
	const typed = text.trim().toLocaleLowerCase();
	const fits = (name: string) => !typed || name.toLocaleLowerCase().includes(typed);
	const actions = keysNow().filter((k) => !/^\d|^G |^\?|^\//.test(k.key) && k.key.length === 1 && !k.silent && fits(k.label));
	const pages = lists.filter((l) => fits(l.name));
	const tabs = organization
		? [
				t("common.people"),
				t("common.roles"),
				t("common.invitations"),
				t("common.keys"),
				t("common.webhooks"),
				t("common.events"),
				t("common.settings"),
			].filter((t) => typed && fits(t))
		: [];
	return [
		{
			title: t("frame.palette.onThisPage"),
			options: actions.map((k) => ({ id: `key-${k.key}`, icon: "next", name: k.label, key: k.key, act: k.act })),
		},
		{
			title: t("frame.palette.ofThisOrganization"),
			options: tabs.map((t) => ({ id: `tab-${t}`, icon: "next", name: t, to: `/organizations/${organization}/${t.toLowerCase()}` })),
		},
		{
			title: t("frame.palette.goTo"),
			options: pages.map((l) => ({ id: l.path.slice(1), icon: l.icon, name: l.name, key: `G ${l.letter}`, to: l.path })),
		},
	];
}
