/* One's own: the profile, sessions, keys, and what one prefers in this browser. */

import { useState } from "react";
import { Link } from "wouter";
import { url } from "../api/client";
import type { ApiKey, SessionAttributes, User } from "../api/resources";
import type { Answer, Resource } from "../api/document";
import { usePages } from "../api/pages";
import { useRead, useSend } from "../api/query";
import { usePage } from "../frame/page";
import { useUnsaved } from "../parts/unsaved";
import { useEdit } from "../parts/edit";
import { Faults, Refused } from "../parts/failure";
import { Check, Choice, Field } from "../parts/field";
import { notify } from "../parts/live";
import { More } from "../parts/more";
import { prefer, usePreferences } from "../parts/preferences";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Ghosts, Section, State } from "../parts/small";
import { Listing } from "../parts/listing";
import { visible } from "../words/count";
import { ago } from "../words/time";
import type { ScreenProps } from "../Console";
import { CreateKey } from "./keys/Create";
import { KeyTable } from "./keys/KeyTable";
import { SecretDialog } from "./keys/Secret";
import { NoPage } from "./NoPage";
import { MergeDialog } from "./organization/Merge";
import { languages } from "../words/language";
import { t } from "../words/message";

const parts = [
	{ path: "", name: t("screens.account.profile") },
	{ path: "sessions", name: t("screens.account.sessions") },
	{ path: "keys", name: t("common.keys") },
	{ path: "preferences", name: t("common.preferences") },
];

export default function Account({ me, params }: ScreenProps) {
	const part = parts.find((p) => p.path === (params.part ?? ""));
	usePage({ title: t("common.account"), crumbs: [{ name: t("common.account") }], request: url("me") });
	if (!part) return <NoPage />;
	const person = me?.type === "users";
	return (
		<div className="page stack">
			<h1>{t("common.account")}</h1>
			<nav className="tabs" aria-label={t("common.account")}>
				<ul>
					{parts
						.filter((p) => person || p.path === "preferences")
						.map((p) => (
							<li key={p.path}>
								<Link href={`/account${p.path && "/" + p.path}`} aria-current={p === part ? "page" : undefined}>
									{p.name}
								</Link>
							</li>
						))}
				</ul>
			</nav>
			{part.path === "preferences" ? (
				<PreferencesForm />
			) : !person ? (
				<p className="second">{t("screens.account.onlyPeopleHaveThisYou")}</p>
			) : part.path === "" ? (
				<Profile id={me.id} />
			) : part.path === "sessions" ? (
				<Sessions />
			) : (
				<OwnKeys id={me.id} />
			)}
		</div>
	);
}

function Profile({ id }: { id: string }) {
	const read = useRead<User>(url(`users/${id}`));
	if (read.error && !read.data) return <Refused error={read.error} again={() => void read.refetch()} />;
	if (!read.data) return <Ghosts />;
	return (
		<>
			<ProfileForm read={read.data} />
			<PasswordForm id={id} />
		</>
	);
}

const profile = ["firstName", "lastName", "phone", "timeZone", "locale"] as const;
const labels = {
	firstName: t("common.firstName"),
	lastName: t("common.lastName"),
	phone: t("common.phone"),
	timeZone: t("common.timeZone"),
	locale: t("common.language"),
};

type ProfileFields = Record<(typeof profile)[number], string>;

function ProfileForm({ read }: { read: Answer<User> }) {
	const edit = useEdit<User, ProfileFields>({
		read,
		to: url(`users/${read.data.id}`),
		form: (u) => Object.fromEntries(profile.map((p) => [p, u?.attributes[p] ?? ""])) as ProfileFields,
		sent: (_, value) => value || null,
		saved: (_, undo) => notify(t("screens.account.changedYourProfile"), undo),
	});
	return (
		<form
			className="stack gap4 settings"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				edit.save();
			}}
		>
			<Faults error={edit.error} fields={edit.fields} />
			{profile.map((p) => (
				<Field key={p} label={labels[p]} value={edit.form[p]} wrong={edit.wrong(p)} onChange={(e) => edit.set(p, e.target.value)} />
			))}
			<div className="row">
				<Button
					kind="main"
					type="submit"
					not={edit.busy ? t("common.itIsOnItsWay") : edit.changed.length === 0 && t("common.nothingIsChangedYet")}
				>
					{t("common.save")}
				</Button>
				{edit.changed.length > 0 && (
					<Button kind="bare" onClick={edit.discard}>
						{t("common.discard")}
					</Button>
				)}
			</div>
			{edit.conflict && <MergeDialog conflict={edit.conflict} close={edit.closeConflict} settle={edit.settle} />}
		</form>
	);
}

function PasswordForm({ id }: { id: string }) {
	const [now, setNow] = useState("");
	const [next, setNext] = useState("");
	useUnsaved(Boolean(now || next));
	const send = useSend(() => {
		setNow("");
		setNext("");
		notify(t("screens.account.changedThePasswordEveryOther"));
	});
	return (
		<Section id="password" title={t("common.password")}>
			<form
				className="stack gap4 settings"
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					if (now && next.length >= 12) {
						send.mutate({
							to: url(`users/${id}`),
							method: "PATCH",
							body: { data: { type: "users", id, attributes: { password: next } }, meta: { currentPassword: now } },
						});
					}
				}}
			>
				<Faults error={send.error} />
				<Field
					label={t("screens.account.currentPassword")}
					type="password"
					autoComplete="current-password"
					value={now}
					onChange={(e) => setNow(e.target.value)}
				/>
				<Field
					label={t("common.newPassword")}
					type="password"
					autoComplete="new-password"
					hint={t("common.12CharactersOrMore")}
					value={next}
					onChange={(e) => setNext(e.target.value)}
				/>
				<div className="row">
					<Button
						type="submit"
						not={!now ? t("screens.account.typeTheCurrentOne") : next.length < 12 && t("screens.account.itNeeds12Characters")}
					>
						{t("screens.account.changeItAndSignOut")}
					</Button>
				</div>
			</form>
		</Section>
	);
}

function Sessions() {
	const list = usePages<Resource<SessionAttributes>>(url("sessions", { "page[size]": 100 }));
	const end = useSend(() => notify(t("screens.account.endedTheSession")));
	if (list.isPending) return <Ghosts />;
	if (list.error && list.rows.length === 0) return <Refused error={list.error} again={() => void list.refetch()} />;
	return (
		<div className="stack gap4">
			<Faults error={end.error} />
			<Table list={list} folds="plain">
				<thead>
					<tr>
						<th scope="col">{t("screens.account.browser")}</th>
						<th scope="col">{t("screens.account.address")}</th>
						<th scope="col">{t("common.lastUsed")}</th>
						<th scope="col">
							<span className="only-read">{t("common.actions")}</span>
						</th>
					</tr>
				</thead>
				<Rows list={list}>
					{(s) => (
						<tr>
							<td>
								{device(s.attributes.userAgent)}{" "}
								{s.attributes.current && <State is="ok">{t("screens.account.thisOne")}</State>}
							</td>
							<td className="mono second" data-fold="under">
								{s.attributes.ip}
							</td>
							<td className="second" data-fold="told" data-column={t("common.lastUsed")}>
								{ago(s.attributes.lastUsedAt)}
							</td>
							<td data-fold="end">
								{!s.attributes.current && (
									<Button small onClick={() => end.mutate({ to: url(`sessions/${s.id}`), method: "DELETE" })}>
										{t("common.endIt")}
									</Button>
								)}
							</td>
						</tr>
					)}
				</Rows>
			</Table>
			<More list={list} what="list.sessions" />
		</div>
	);
}

/** Returns what a browser calls itself, as people would. */
function device(agent: string | null | undefined): string {
	const text = agent ?? "";
	const browser = /Edg\//.test(text)
		? "Edge"
		: /Firefox\//.test(text)
			? "Firefox"
			: /Chrome\//.test(text)
				? "Chrome"
				: /Safari\//.test(text)
					? "Safari"
					: "";
	const system = /Windows/.test(text)
		? "Windows"
		: /Android/.test(text)
			? "Android"
			: /iPhone|iPad/.test(text)
				? "iOS"
				: /Mac OS/.test(text)
					? "macOS"
					: /Linux/.test(text)
						? "Linux"
						: "";
	return browser ? [browser, system].filter(Boolean).join(" on ") : visible(text.slice(0, 60)) || "unknown";
}

function OwnKeys({ id }: { id: string }) {
	const [over, setOver] = useState(false);
	const [made, setMade] = useState<ApiKey | null>(null);
	const list = usePages<ApiKey>(url("apiKeys", { "filter[userId]": id, sort: "-createdAt", "page[size]": 100 }));
	const create = (
		<Button icon="plus" onClick={() => setOver(true)}>
			{t("screens.account.newKeyOfMine")}
		</Button>
	);
	return (
		<div className="stack gap4">
			<Listing
				list={list}
				empty={
					<Empty title={t("screens.account.noKeyOfYours")} action={create}>
						{t("screens.account.itActsAsYouWithin")}
					</Empty>
				}
			>
				<div className="row">{create}</div>
				<KeyTable list={list} included={list.included} />
			</Listing>
			{over && (
				<CreateKey
					close={() => setOver(false)}
					made={(k) => {
						setOver(false);
						setMade(k);
					}}
				/>
			)}
			{made && (
				<SecretDialog
					title={t("common.theSecretOf", { name: made.attributes.name })}
					secret={made.attributes.key ?? ""}
					close={() => setMade(null)}
				/>
			)}
		</div>
	);
}

function PreferencesForm() {
	const p = usePreferences();
	return (
		<div className="stack gap4 settings">
			<p className="second">{t("screens.account.theyHoldForThisBrowser")}</p>
			{languages.length > 1 && (
				<Choice
					label={t("screens.account.languageOfThePages")}
					value={p.language}
					onChange={(language) => {
						prefer({ language });
						location.reload();
					}}
					options={languages.map((l) => ({ value: l.tag, label: l.name }))}
				/>
			)}
			<Choice
				label={t("screens.account.theme")}
				value={p.theme}
				onChange={(theme) => prefer({ theme: theme as typeof p.theme })}
				options={[
					{ value: "system", label: t("screens.account.asTheSystemHasIt") },
					{ value: "light", label: t("screens.account.light") },
					{ value: "dark", label: t("screens.account.dark") },
				]}
			/>
			<Choice
				label={t("screens.account.density")}
				value={p.density}
				onChange={(density) => prefer({ density: density as typeof p.density })}
				options={[
					{ value: "comfortable", label: t("screens.account.comfortable") },
					{ value: "compact", label: t("screens.account.compact") },
				]}
			/>
			<Check
				label={t("screens.account.lettersAloneAreCommands")}
				hint={t("screens.account.cCopiesAsCurlG")}
				checked={p.letters}
				onChange={(letters) => prefer({ letters })}
			/>
			<Check label={t("screens.account.timesInUtc")} checked={p.utc} onChange={(utc) => prefer({ utc })} />
		</div>
	);
}
