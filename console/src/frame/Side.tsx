/* The side: the five lists, the tree, and who is signed in. */

import { type ReactNode, Suspense, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { nameOfMe, organizationsOf, type Me } from "../api/me";
import { url } from "../api/client";
import { totalOf } from "../api/document";
import { useRead } from "../api/query";
import { later } from "../parts/later";
import { afterFirst } from "../parts/first";
import { Icon, Kind, Mark, type IconName } from "../parts/icons";
import { Menu } from "../parts/menu";
import { Button, Face, SquareButton, Typed } from "../parts/small";
import { digits } from "../words/count";
import { signOut } from "../screens/sign-out";
import { useFind } from "./find";
import type { TreeStore } from "./tree-store";
import { t } from "../words/message";

/** It comes after the first list, which is what somebody waits for. */
const Tree = later(() => afterFirst().then(() => import("./Tree")));

export const lists: { path: string; name: string; icon: IconName; letter: string }[] = [
	{ path: "/organizations", name: t("common.organizations"), icon: "tree", letter: "O" },
	{ path: "/people", name: t("common.people"), icon: "people", letter: "P" },
	{ path: "/deliveries", name: t("common.deliveries"), icon: "send", letter: "D" },
	{ path: "/events", name: t("common.events"), icon: "clock", letter: "E" },
	{ path: "/keys", name: t("common.keys"), icon: "key", letter: "K" },
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
		<div
			className="side"
			aria-label={t("frame.side.navigation")}
			role={drawer ? "dialog" : "complementary"}
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
					{t("common.roster")}
				</Link>
				<span className="tag end">{location.hostname}</span>
				<SquareButton
					icon="close"
					label={t("frame.side.closeNavigation")}
					className="drawer-close narrow-only"
					onClick={() => close(true)}
				/>
			</div>
			<nav className="nav" aria-label={t("frame.side.everythingYouMaySee")}>
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
				<h2>{t("frame.side.tree")}</h2>
				<TreeCount path={organizationsOf(me)} ready={me !== undefined} />
				<Button kind="bare" small end label={t("common.newOrganization")} not={makesNone} onClick={newOrganization}>
					<Icon name="plus" />
				</Button>
			</div>
			<div className="side-find">
				<label className="with-icon">
					<Icon name="filter" />
					<span className="only-read">{t("frame.side.filterTheTree")}</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder={t("frame.side.filterByNameOrNumber")}
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
				<Suspense fallback={<div className="side-scroll" />}>
					<Tree store={store} open={open} path={path} to={to} />
				</Suspense>
			)}
			<div className="side-foot">
				<Account me={me} />
			</div>
		</div>
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
			<span className="only-read"> {t("frame.side.endpointsFailing")}</span>
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
	if (failed) shown = <p className="second">{t("frame.side.theFilterDidNotWork")}</p>;
	else if (found?.length === 0) shown = <p className="second">{t("frame.side.noOrganizationHasInIts", { trim: text.trim() })}</p>;
	return (
		<div className="side-scroll" role="status">
			{shown}
			<ul aria-label={t("frame.side.foundInTheTree")}>
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
							{f.ended && <span className="tag end">{t("common.ended")}</span>}
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
		me?.type === "users"
			? me.attributes.email
			: me?.type === "apiKeys"
				? t("frame.side.key", { kind: me.attributes.kind ?? "" })
				: t("frame.side.organizationToken");
	const entries = useMemo(
		() => [
			...(me?.type === "users" ? [{ label: t("common.account"), icon: "people" as const, to: "/account" }] : []),
			{ label: t("common.preferences"), icon: "gear" as const, to: "/account/preferences" },
			{ label: t("common.signOut"), icon: "out" as const, act: signOut },
		],
		[me?.type],
	);
	return (
		<Menu label={t("frame.side.accountOf", { name })} className="account" entries={entries}>
			<Face name={name} />
			<span className="only-read">{t("frame.side.accountOf2")} </span>
			<span className="cut">
				<b>
					<Typed>{name}</Typed>
				</b>
				<br />
				<span className="second">{me ? second : "\u00a0"}</span>
			</span>
			<span className="end">
				<Icon name="down" />
			</span>
		</Menu>
	);
}
