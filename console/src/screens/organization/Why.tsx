/* Why somebody may do something here: the answer in a sentence, and the way down from the head with what each step gives. */

import "../../styles/reading.css";
import { useId, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { ask, asCurl, url } from "../../api/client";
import type { Organization } from "../../api/resources";
import type { Resource } from "../../api/document";
import { useRead } from "../../api/query";
import { Icon } from "../../parts/icons";
import { copy } from "../../parts/live";
import { Button, Face, Held, SquareButton, Typed } from "../../parts/small";
import { all } from "../../words/count";
import { words } from "../permissions";
import type { GivenRole, Holder } from "./People";
import { rich, t } from "../../words/message";

type Check = Resource<{ permission?: string; allowed?: boolean }>;

interface WhyProps {
	holder: Holder;
	id: string;
	name: string;
	organizations: string;
	close: () => void;
}

export function Why({ holder, id, name, organizations, close }: WhyProps) {
	const [permission, setPermission] = useState("organizations:write");
	const word = permission.trim();
	const listId = useId();
	const body = {
		data: {
			type: "checks",
			attributes: { permission: word },
			relationships: { user: { data: { type: "users", id: holder.id } }, organization: { data: { type: "organizations", id } } },
		},
	};
	const asked = useQuery({
		queryKey: ["authorize", holder.id, id, word],
		queryFn: ({ signal }) => ask<Check>("authorize", { method: "POST", body, signal }),
		enabled: word.length > 0,
		placeholderData: (before) => before,
	});
	const way = useRead<Organization[]>(
		url(organizations, { "filter[descendant]": id, "fields[organizations]": "name,kind", "page[size]": 100 }),
	);
	const check = asked.data?.data;
	const by = roleIds(check);
	const giving = holder.roles.filter((r) => by.includes(r.role.id));
	return (
		<aside className="card why" aria-labelledby="why">
			<header>
				<h2 id="why">{t("common.whyCanThey")}</h2>
				<SquareButton icon="close" label={t("common.close")} className="end" onClick={close} />
			</header>
			<div className="body stack gap4">
				<div className="row gap3">
					<Face name={holder.name} />
					<span>
						<b>
							<Typed>{holder.name}</Typed>
						</b>
						<br />
						<span className="second">{rich("organization.why.at", { name: <Typed>{name}</Typed> })}</span>
					</span>
				</div>
				<div className="field">
					<label htmlFor={`${listId}-word`}>{t("organization.why.permission")}</label>
					<input
						className="input mono"
						id={`${listId}-word`}
						list={listId}
						value={permission}
						onChange={(e) => setPermission(e.target.value)}
						spellCheck={false}
					/>
					<datalist id={listId}>
						{words.map((w) => (
							<option key={w} value={w} />
						))}
					</datalist>
				</div>
				{asked.error && (
					<p className="notice" data-is="bad">
						<Icon name="alert" />
						<span>{asked.error.message}</span>
					</p>
				)}
				{check && !asked.error && <Answer check={check} giving={giving} name={name} here={id} />}
				<ol className="spine">
					{(way.data?.data ?? []).map((o) => (
						<Step
							key={o.id}
							organization={o}
							here={o.id === id}
							holder={holder}
							giving={giving}
							allowed={check?.attributes.allowed === true}
							way={way.data?.data ?? []}
						/>
					))}
				</ol>
				<div className="row wrap">
					<Button
						kind="bare"
						small
						icon="copy"
						onClick={() => void copy(asCurl("/public/v2/authorize", "POST", body), t("organization.why.theQuestionAsCurl"))}
					>
						{t("organization.why.copyAsCurl")}
					</Button>
				</div>
			</div>
		</aside>
	);
}

function roleIds(check: Check | undefined): string[] {
	const data = check?.relationships?.roles?.data;
	return Array.isArray(data) ? data.map((d) => d.id) : [];
}

function Answer({ check, giving, name, here }: { check: Check; giving: GivenRole[]; name: string; here: string }) {
	const word = check.attributes.permission;
	if (!check.attributes.allowed) {
		return (
			<p className="notice" role="status">
				<Icon name="close" />
				<span>
					{rich("organization.why.noNoneOfTheirRoles", {
						word: <span className="mono">{word}</span>,
						name: <Typed>{name}</Typed>,
					})}
				</span>
			</p>
		);
	}
	const first = giving[0];
	return (
		<p className="notice" data-is="ok" role="status">
			<Icon name="check" />
			<span>
				{first
					? rich(first.organization.id === here ? "organization.why.atHoldIt" : "organization.why.atHoldItAndThat", {
							list: all([...new Set(giving.map((g) => g.role.attributes.name ?? t("common.aRole")))]),
							name: <Typed>{first.organization.name}</Typed>,
							count: giving.length,
						})
					: rich("organization.why.aRoleThatYouDo")}
			</span>
		</p>
	);
}

interface StepProps {
	organization: Organization;
	here: boolean;
	holder: Holder;
	giving: GivenRole[];
	allowed: boolean;
	way: Organization[];
}

function Step({ organization: o, here, holder, giving, allowed, way }: StepProps) {
	const at = holder.roles.filter((r) => r.organization.id === o.id);
	const gives = giving.some((g) => g.organization.id === o.id);
	const mine = way.findIndex((w) => w.id === o.id);
	const above = way.slice(0, mine).some((w) => giving.some((g) => g.organization.id === w.id));
	return (
		<li
			data-gives={gives ? "" : undefined}
			data-passes={!gives && above && !here ? "" : undefined}
			data-holds={!gives && here && allowed ? "" : undefined}
		>
			<span>
				{gives || here ? (
					<b>
						<Typed>{o.attributes.name}</Typed>
					</b>
				) : (
					<Typed>{o.attributes.name}</Typed>
				)}
			</span>
			{at.map((r) => (
				<span key={r.role.id}>
					<Held from="here">{r.role.attributes.name}</Held>
				</span>
			))}
			{at.length === 0 && (
				<span className="second quiet">
					{here && allowed ? t("organization.why.nothingGivenHereHoldsIt") : t("organization.why.nothingGivenHere")}
				</span>
			)}
		</li>
	);
}
