/* Moving a branch: where to, and what follows from it, before anything happens. */

import { useId, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Failure, ask, url } from "../../api/client";
import { idOf, type Resource } from "../../api/document";
import { organizationsOf, useMe, useMay } from "../../api/me";
import type { Organization } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import type { TreeStore } from "../../frame/tree-store";
import { useFind, type Found } from "../../frame/find";
import { Dialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Icon, Kind } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Button, Face, Ghosts, Typed } from "../../parts/small";
import { count } from "../../words/count";

interface Someone {
	user?: string | null;
	name?: string | null;
	roles?: { role: string; name: string }[];
}

interface Hearing {
	total: number;
	endpoints: { webhook: string; name: string | null; url: string }[];
}

type Preview = Resource<{
	digest?: string;
	loses?: { total: number; people?: Someone[] };
	gains?: { total: number; people?: Someone[] };
	endpointsLeaving?: Hearing;
	endpointsJoining?: Hearing;
	rolesLost?: { role: string | null; name: string | null; holders: number; invitations: number }[];
	organizations?: number;
}>;

export default function MoveDialog({ org, store, close }: { org: Organization; store: TreeStore; close: () => void }) {
	const organizations = organizationsOf(useMe().data?.data);
	const [text, setText] = useState("");
	const [to, setTo] = useState<Found | null>(null);
	const listId = useId();
	const { found } = useFind(text, "organizations", organizations);
	const way = useRead<Organization[]>(
		to ? url(organizations, { "filter[descendant]": to.id, "fields[organizations]": "name", "page[size]": 100 }) : null,
		{ every: false },
	);
	const from = idOf(org, "parent");
	const before = useRead<Organization>(from ? url(`${organizations}/${from}`, { "fields[organizations]": "name" }) : null, {
		every: false,
	});
	const may = useMay(to?.id);
	const name = org.attributes.name ?? "";
	const below = (org.meta?.counts?.descendants ?? 0) + 1;
	const preview = usePreview(org.id, to?.id);
	const not = !to
		? "Choose where to"
		: to.id === org.id
			? "That is itself"
			: to.id === from
				? "It is there already"
				: way.data?.data.some((o) => o.id === org.id)
					? "That is inside of what is moved"
					: !may("organizations:write")
						? "It takes organizations:write there"
						: false;
	const done = () => {
		close();
		void store.refresh();
		notify(`Moved ${name} to ${to?.name}`);
	};
	const patch = useSend(done);
	const move = useSend(done);
	const lost = preview.data?.attributes.loses?.total ?? 0;
	const submit = () => {
		if (not || !to) return;
		const target = { type: "organizations", id: to.id };
		if (preview.data) {
			move.mutate({
				to: url("moves"),
				method: "POST",
				body: {
					data: {
						type: "moves",
						attributes: { preview: false, digest: preview.data.attributes.digest },
						relationships: { organization: { data: { type: "organizations", id: org.id } }, to: { data: target } },
					},
				},
			});
		} else {
			patch.mutate({ to: url(`${organizations}/${org.id}/relationships/parent`), method: "PATCH", body: { data: target } });
		}
	};
	return (
		<Dialog
			title={
				<>
					Move <Typed>{name}</Typed>
				</>
			}
			intro={below > 1 ? `${count(below, "organization")} move with everything in them.` : "It moves with everything in it."}
			close={close}
			foot={
				<div className="dialog-foot">
					<Button kind="main" not={not || ((patch.isPending || move.isPending) && "It is on its way")} onClick={submit}>
						{lost > 0 ? `Move, and take access from ${lost}` : to ? `Move to ${to.name}` : "Move"}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				<Faults error={patch.error ?? move.error} />
				<ol className="spine">
					<li>
						<span>
							<b>
								<Typed>{before.data?.data.attributes.name ?? (from ? "…" : "nothing above it")}</Typed>
							</b>
						</span>
						<span className="second quiet">where it is</span>
					</li>
					<li data-gives={to && !not ? "" : undefined}>
						<span>
							{to ? (
								<b>
									<Typed>{to.name}</Typed>
								</b>
							) : (
								<span className="quiet">not chosen yet</span>
							)}
						</span>
						<span className="second quiet">
							where it goes{to && way.data ? `: ${way.data.data.map((o) => o.attributes.name).join(" › ")}` : ""}
						</span>
					</li>
				</ol>
				<div className="stack gap1">
					<label className="with-icon">
						<Icon name="search" />
						<span className="only-read">Where to</span>
						<input
							className="input"
							type="search"
							placeholder="Where to: name or number"
							value={text}
							aria-controls={listId}
							onChange={(e) => setText(e.target.value)}
							autoFocus
						/>
					</label>
					<ul id={listId} className="picker" aria-label="Where to">
						{found?.map((f) => (
							<li key={f.id}>
								<button className="match" type="button" aria-pressed={f.id === to?.id} onClick={() => setTo(f)}>
									<Kind kind={f.kind} />
									<span className="cut">
										<Typed>{f.name}</Typed>
										<br />
										<span className="second quiet">
											<Typed>{f.second}</Typed>
										</span>
									</span>
									{f.id === to?.id && (
										<span className="end">
											<Icon name="check" />
										</span>
									)}
								</button>
							</li>
						))}
					</ul>
					{found?.length === 0 && <p className="second">No organization has that in its name.</p>}
				</div>
				{to && not && (
					<p className="notice" data-is="warn">
						<Icon name="alert" />
						<span>{not}.</span>
					</p>
				)}
				{to && !not && <Consequence preview={preview} />}
			</div>
		</Dialog>
	);
}

/** Asks what a move would do. A service that has no preview answers 404, which is not asked again. */
function usePreview(organization: string, to: string | undefined) {
	const query = useQuery({
		queryKey: ["moves", organization, to],
		enabled: Boolean(to) && to !== organization,
		retry: false,
		staleTime: 0,
		queryFn: ({ signal }) =>
			ask<Preview>(url("moves"), {
				method: "POST",
				signal,
				body: {
					data: {
						type: "moves",
						attributes: { preview: true },
						relationships: {
							organization: { data: { type: "organizations", id: organization } },
							to: { data: { type: "organizations", id: to } },
						},
					},
				},
			}),
	});
	return {
		data: query.data?.data,
		loading: query.isFetching,
		missing: query.error instanceof Failure && query.error.status === 404,
		error: query.error,
	};
}

function Consequence({ preview }: { preview: ReturnType<typeof usePreview> }) {
	if (preview.loading) return <Ghosts rows={2} />;
	const a = preview.data?.attributes;
	if (!a) {
		return (
			<p className="notice" data-is="warn">
				<Icon name="alert" />
				<span>
					{preview.error && !preview.missing
						? preview.error.message
						: "What comes from above changes: who holds a role there loses it here and below, and who holds one above the new place gains it."}
				</span>
			</p>
		);
	}
	const loses = a.loses?.total ?? 0;
	const gains = a.gains?.total ?? 0;
	const none = loses + gains === 0;
	return (
		<>
			{none ? (
				<p className="second">Nobody loses or gains anything by it.</p>
			) : (
				<div className="gain">
					{loses > 0 && (
						<Side is="lose" title={`${count(loses, "person loses", "people lose")} something`} people={a.loses?.people ?? []} />
					)}
					{gains > 0 && (
						<Side is="win" title={`${count(gains, "person gains", "people gain")} something`} people={a.gains?.people ?? []} />
					)}
				</div>
			)}
			<Hears of={a.endpointsLeaving} what="no longer hears of it" all="no longer hear of it" />
			<Hears of={a.endpointsJoining} what="begins to hear of it" all="begin to hear of it" />
			{a.rolesLost && a.rolesLost.length > 0 && (
				<p className="notice" data-is="warn">
					<Icon name="alert" />
					<span>
						Cannot be held there: {a.rolesLost.map((r) => `${r.name ?? "a role you do not see"} (${r.holders})`).join(", ")}.
						Give those people other roles first.
					</span>
				</p>
			)}
		</>
	);
}

function Hears({ of, what, all }: { of?: Hearing; what: string; all: string }) {
	if (!of || of.total === 0) return null;
	const named = of.endpoints.slice(0, 3).map((e) => e.name ?? e.url);
	return (
		<p className="second">
			{count(of.total, `endpoint ${what}`, `endpoints ${all}`)}
			{named.length > 0 && (
				<>
					: <Typed>{named.join(", ")}</Typed>
				</>
			)}
		</p>
	);
}

function Side({ is, title, people }: { is: "lose" | "win"; title: string; people: Someone[] }) {
	return (
		<section data-is={is}>
			<h3>{title}</h3>
			<ul>
				{people.slice(0, 8).map((p, i) => (
					<li key={p.user ?? i}>
						<Face name={p.name ?? "?"} small />
						<Typed>{p.name ?? "somebody you do not see"}</Typed>
						<span className="second">{p.roles?.map((r) => r.name).join(", ")}</span>
					</li>
				))}
			</ul>
		</section>
	);
}
