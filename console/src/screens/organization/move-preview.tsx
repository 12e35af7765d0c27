/* What a move does, before it is done: who loses and gains, which endpoints hear of it, and which roles need another one. */

import { all } from "../../words/count";
import { useQuery } from "@tanstack/react-query";
import { Failure, ask, url } from "../../api/client";
import type { Answer, Resource } from "../../api/document";
import { Choice } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { Face, Ghosts, Typed } from "../../parts/small";
import { useGrants } from "./grants";
import { useRoles } from "./Membership";
import { rich, t, type MessageId } from "../../words/message";

interface Someone {
	user?: string | null;
	name?: string | null;
	roles?: { role: string; name: string }[];
}

interface Hearing {
	total: number;
	endpoints: { webhook: string; name: string | null; url: string }[];
}

export interface LostRole {
	role: string | null;
	name: string | null;
	holders: number;
	invitations: number;
}

export type Preview = Resource<{
	digest?: string;
	loses?: { total: number; people?: Someone[] };
	gains?: { total: number; people?: Someone[] };
	endpointsLeaving?: Hearing;
	endpointsJoining?: Hearing;
	rolesLost?: LostRole[];
	organizations?: number;
}>;

/** What is given instead of roles that cannot be held at the new place: the id of a role by that of the other. */
export type Instead = Record<string, string>;

/** Returns what is sent to move a branch, or to ask what that would do. to is null for the head of a tree. */
export function moveBody(organization: string, to: string | null, instead: Instead, attributes: object) {
	const roleReplacements = Object.entries(instead).map(([from, other]) => ({ from, to: other }));
	return {
		data: {
			type: "moves",
			attributes,
			relationships: {
				organization: { data: { type: "organizations", id: organization } },
				to: { data: to === null ? null : { type: "organizations", id: to } },
			},
		},
		...(roleReplacements.length ? { meta: { roleReplacements } } : {}),
	};
}

/** Asks what a move would do. */
export function usePreview(organization: string, to: string | null | undefined, instead: Instead) {
	const query = useQuery({
		queryKey: ["moves", organization, to, instead],
		enabled: to !== undefined && to !== organization,
		retry: false,
		staleTime: 0,
		placeholderData: (before: Answer<Preview> | undefined, of) => (of?.queryKey[2] === to ? before : undefined), // while a role is chosen
		queryFn: ({ signal }) =>
			ask<Preview>(url("moves"), { method: "POST", signal, body: moveBody(organization, to ?? null, instead, { preview: true }) }),
	});
	return {
		data: query.data?.data,
		loading: query.isFetching && !query.data,
		settled: !query.isFetching,
		error: query.error instanceof Failure ? query.error : null,
		refetch: query.refetch,
	};
}

interface ConsequenceProps {
	preview: ReturnType<typeof usePreview>;
	/** Where it goes, null for the head of a tree. */
	to: string | null;
	instead: Instead;
	setInstead: (instead: Instead) => void;
}

export function Consequence({ preview, to, instead, setInstead }: ConsequenceProps) {
	if (preview.loading) return <Ghosts rows={2} />;
	const a = preview.data?.attributes;
	if (preview.error || !a) {
		return (
			<p className="notice" data-is="warn">
				<Icon name="alert" />
				<span>{preview.error?.message ?? t("organization.movePreview.itIsNotKnownWhat")}</span>
			</p>
		);
	}
	const loses = a.loses?.total ?? 0;
	const gains = a.gains?.total ?? 0;
	return (
		<>
			{loses + gains === 0 ? (
				<p className="second">{t("organization.movePreview.nobodyLosesOrGainsAnything")}</p>
			) : (
				<div className="gain">
					{loses > 0 && (
						<Side
							is="lose"
							title={t("organization.movePreview.losesPersonLoses", { loses })}
							total={loses}
							people={a.loses?.people}
						/>
					)}
					{gains > 0 && (
						<Side
							is="win"
							title={t("organization.movePreview.gainsPersonGains", { gains })}
							total={gains}
							people={a.gains?.people}
						/>
					)}
				</div>
			)}
			<Hears of={a.endpointsLeaving} what="organization.movePreview.lost" />
			<Hears of={a.endpointsJoining} what="organization.movePreview.gained" />
			{a.rolesLost && a.rolesLost.length > 0 && <Lost roles={a.rolesLost} to={to} instead={instead} setInstead={setInstead} />}
		</>
	);
}

/** Returns why a move cannot be made yet, because of roles that cannot be held at the new place. */
export function unreplaced(roles: LostRole[] | undefined, instead: Instead): string | false {
	for (const r of roles ?? []) {
		if (!r.role) return t("organization.movePreview.aRoleThatYouDo");
		if (r.invitations > 0)
			return t("organization.movePreview.invitationsOpenInvitationOffers", { invitations: r.invitations, name: r.name });
		if (r.holders > 0 && !instead[r.role]) return t("organization.movePreview.chooseWhatReplaces", { name: r.name });
	}
	return false;
}

function Lost({ roles, to, instead, setInstead }: { roles: LostRole[] } & Omit<ConsequenceProps, "preview">) {
	const usable = useRoles(to);
	const grants = useGrants(to ?? undefined);
	const options = (usable ?? []).filter((r) => !grants.give(r));
	return (
		<div className="notice lost" data-is="warn">
			<Icon name="alert" />
			<div className="stack gap2">
				{roles.map((r, i) => (
					<div key={r.role ?? i} className="stack gap1">
						<span>
							{r.invitations > 0
								? rich("organization.movePreview.cannotBeHeldThereHolders", {
										value: (
											<b>
												<Typed>{r.name ?? t("organization.movePreview.aRoleYouDoNot")}</Typed>
											</b>
										),
										holders: r.holders,
										invitations: r.invitations,
									})
								: rich("organization.movePreview.cannotBeHeldThereHolders2", {
										value: (
											<b>
												<Typed>{r.name ?? t("organization.movePreview.aRoleYouDoNot")}</Typed>
											</b>
										),
										holders: r.holders,
									})}
						</span>
						{r.role && r.holders > 0 && (
							<Choice
								label={t("organization.movePreview.insteadOf", { name: r.name })}
								value={instead[r.role] ?? ""}
								onChange={(chosen) => {
									const { [r.role ?? ""]: _, ...others } = instead;
									setInstead(chosen ? { ...others, [r.role ?? ""]: chosen } : others);
								}}
								options={[
									{ value: "", label: t("common.chooseARole2") },
									...options.map((o) => ({ value: o.id, label: o.attributes.name ?? "" })),
								]}
							/>
						)}
					</div>
				))}
			</div>
		</div>
	);
}

function Hears({ of, what }: { of?: Hearing; what: MessageId }) {
	if (!of || of.total === 0) return null;
	const named = of.endpoints.slice(0, 3).map((e) => e.name ?? e.url);
	return (
		<p className="second">
			{t(what, { count: of.total })}
			{named.length > 0 && (
				<>
					: <Typed>{all(named)}</Typed>
				</>
			)}
		</p>
	);
}

function Side({ is, title, total, people = [] }: { is: "lose" | "win"; title: string; total: number; people?: Someone[] }) {
	const shown = people.slice(0, 8);
	return (
		<section data-is={is}>
			<h3>{title}</h3>
			<ul>
				{shown.map((p, i) => (
					<li key={p.user ?? i}>
						<Face name={p.name ?? "?"} small />
						<Typed>{p.name ?? t("common.somebodyYouDoNotSee")}</Typed>
						<span className="second">{all((p.roles ?? []).map((r) => r.name ?? ""))}</span>
					</li>
				))}
				{total > shown.length && (
					<li>
						{shown.length
							? t("organization.movePreview.andMore", { total: total - shown.length })
							: t("organization.movePreview.youDoNotSeeWho")}
					</li>
				)}
			</ul>
		</section>
	);
}
