/* The side: the five lists, the tree, and who is signed in. */

import { useMemo, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { nameOfMe, organizationsOf, type Me } from "../api/me";
import { url } from "../api/client";
import { totalOf } from "../api/document";
import { useRead } from "../api/query";
import { Icon, Kind, Mark, type IconName } from "../parts/icons";
import { Menu } from "../parts/menu";
import { Button, Face, SquareButton, Typed } from "../parts/small";
import { digits } from "../words/count";
import { signOut } from "../screens/sign-out";
import { useFind } from "./find";
import { Tree } from "./Tree";
import type { TreeStore } from "./tree-store";

export const lists: { path: string; name: string; icon: IconName; letter: string }[] = [
	{ path: "/organizations", name: "Organizations", icon: "tree", letter: "O" },
	{ path: "/people", name: "People", icon: "people", letter: "P" },
	{ path: "/deliveries", name: "Deliveries", icon: "send", letter: "D" },
	{ path: "/events", name: "Events", icon: "clock", letter: "E" },
	{ path: "/keys", name: "Keys", icon: "key", letter: "K" },
];

interface SideProps {
	me: Me | undefined;
	store: TreeStore;
	open: string | undefined;
	path: string[];
	/** It lies over the page, as a dialog. */
	drawer: boolean;
	/** Closes it; back: to where one was. */
	close: (back: boolean) => void;
	/** Why no organization can be made below the one that is open. */
	makesNone: string | false;
	newOrganization: () => void;
}

export function Side({ me, store, open, path, drawer, close, makesNone, newOrganization }: SideProps) {
	const [at] = useLocation();
	const tab = /^\/organizations\/[^/]+\/([a-z]+)/.exec(at)?.[1];
	const kept = ["people", "roles", "invitations", "keys", "webhooks", "events", "settings"].includes(tab ?? "") ? `/${tab}` : "";
	const to = (id: string) => `/organizations/${id}${kept}`;
	const [text, setText] = useState("");
	return (
		<aside
			className="side"
			aria-label="Navigation"
			role={drawer ? "dialog" : undefined}
			aria-modal={drawer ? true : undefined}
			data-open={drawer ? "" : undefined}
			onClick={(e) => {
				if (
					drawer &&
					(e.target as HTMLElement).closest("a, .tree-row:not([data-stands])") &&
					!(e.target as HTMLElement).closest(".twist")
				)
					close(false);
			}}
		>
			<div className="side-head">
				<Link className="wordmark" href="/">
					<Mark />
					Roster
				</Link>
				<span className="tag end">{location.hostname}</span>
				<SquareButton icon="close" label="Close navigation" className="drawer-close narrow-only" onClick={() => close(true)} />
			</div>
			<nav className="nav" aria-label="Everything you may see">
				<ul>
					{lists.map((l) => (
						<li key={l.path}>
							<Link href={l.path} aria-current={at === l.path || at.startsWith(l.path + "/") ? "page" : undefined}>
								<Icon name={l.icon} />
								{l.name}
								{l.path === "/deliveries" && <Failing />}
							</Link>
						</li>
					))}
				</ul>
			</nav>
			<div className="side-title">
				<h2>Tree</h2>
				<TreeCount path={organizationsOf(me)} ready={me !== undefined} />
				<Button kind="bare" small end label="New organization" not={makesNone} onClick={newOrganization}>
					<Icon name="plus" />
				</Button>
			</div>
			<div className="side-find">
				<label className="with-icon">
					<Icon name="filter" />
					<span className="only-read">Filter the tree</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder="Filter by name or number"
						value={text}
						onChange={(e) => setText(e.target.value)}
						onKeyDown={(e) => {
							if (e.key !== "Escape" || !text) return;
							e.preventDefault(); // it clears the text, and closes nothing
							setText("");
						}}
					/>
				</label>
			</div>
			{text.trim() ? (
				<Matches text={text} organizations={organizationsOf(me)} to={to} chosen={() => setText("")} />
			) : (
				<Tree store={store} open={open} path={path} to={to} />
			)}
			<div className="side-foot">
				<Account me={me} />
			</div>
		</aside>
	);
}

function TreeCount({ path, ready }: { path: string; ready: boolean }) {
	const at = url(path, { "fields[organizations]": "name", "page[size]": 1 });
	const { data } = useRead(ready ? at : null, { every: 60_000 });
	const total = totalOf(data);
	return total === undefined ? null : <span className="count">{digits(total)}</span>;
}

/** How many endpoints fail, for who may see endpoints. */
function Failing() {
	const { data } = useRead(url("webhooks", { "filter[health]": "failing", "fields[webhooks]": "name", "page[size]": 1 }));
	const failing = totalOf(data);
	if (!failing) return null;
	return (
		<span className="badge end">
			{digits(failing)}
			<span className="only-read"> endpoints failing</span>
		</span>
	);
}

function Matches({
	text,
	organizations,
	to,
	chosen,
}: {
	text: string;
	organizations: string;
	to: (id: string) => string;
	chosen: () => void;
}) {
	const { found, failed } = useFind(text, "organizations", organizations);
	let shown: ReactNode = null;
	if (failed) shown = <p className="second">The filter did not work. Try again.</p>;
	else if (found?.length === 0) shown = <p className="second">No organization has “{text.trim()}” in its name.</p>;
	return (
		<div className="side-scroll" role="status">
			{shown}
			<ul aria-label="Found in the tree">
				{found?.map((f) => (
					<li key={f.id}>
						<Link className="match" href={to(f.id)} onClick={chosen} data-ended={f.ended ? "" : undefined}>
							<Kind kind={f.kind} />
							<span className="cut">
								<Typed>{f.name}</Typed>
								<br />
								<span className="second quiet">
									<Typed>{f.second}</Typed>
								</span>
							</span>
							{f.ended && <span className="tag end">ended</span>}
						</Link>
					</li>
				))}
			</ul>
		</div>
	);
}

function Account({ me }: { me: Me | undefined }) {
	const name = nameOfMe(me);
	const second =
		me?.type === "users" ? me.attributes.email : me?.type === "apiKeys" ? `${me.attributes.kind ?? ""} key` : "organization token";
	const entries = useMemo(
		() => [
			...(me?.type === "users" ? [{ label: "Account", icon: "people" as const, to: "/account" }] : []),
			{ label: "Preferences", icon: "gear" as const, to: "/account/preferences" },
			{ label: "Sign out", icon: "out" as const, act: signOut },
		],
		[me?.type],
	);
	return (
		<Menu label={`Account of ${name}`} className="account" entries={entries}>
			<Face name={name} />
			<span className="only-read">Account of </span>
			<span className="cut">
				<b>
					<Typed>{name}</Typed>
				</b>
				<br />
				<span className="second">{me ? second : ""}</span>
			</span>
			<span className="end">
				<Icon name="down" />
			</span>
		</Menu>
	);
}
