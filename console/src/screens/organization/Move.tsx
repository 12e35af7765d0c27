/* Moving a branch: where to, and what follows from it, before anything happens. */

import "../../styles/reading.css";
import { useState } from "react";
import { url } from "../../api/client";
import { idOf } from "../../api/document";
import { organizationsOf, useMayAt, useMe } from "../../api/me";
import { useStanding, type Standing } from "../../api/standing";
import type { Organization } from "../../api/resources";
import { useRead, useSend } from "../../api/query";
import { move as askToMove, type Moving } from "../../frame/moving";
import type { TreeStore } from "../../frame/tree-store";
import { FormDialog } from "../../parts/dialog";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { movesAway } from "./moves-away";
import { Target } from "./move-target";
import { Consequence, moveBody, unreplaced, usePreview, type Instead } from "./move-preview";
import { t } from "../../words/message";

/** Reads the way down to an organization, the head first, itself last. */
function useWay(organizations: string, id: string | null | undefined): Organization[] | undefined {
	const at = id ? url(organizations, { "filter[descendant]": id, "fields[organizations]": "name", "page[size]": 100 }) : null;
	return useRead<Organization[]>(at, { every: false }).data?.data;
}

const names = (way: Organization[]) => way.map((o) => o.attributes.name).join(" › ");

export default function MoveDialog({ id, to: preset, back, store, close }: Moving & { store: TreeStore; close: () => void }) {
	const organizations = organizationsOf(useMe().data?.data);
	const read = useRead<Organization>(
		url(`${organizations}/${id}`, { "fields[organizations]": "name,parent", withCounts: "descendants" }),
		{ every: false },
	);
	const [to, setTo] = useState(preset);
	const [instead, setInstead] = useState<Instead>({});
	const [stale, setStale] = useState(false);
	const org = read.data?.data;
	const from = idOf(org, "parent");
	const here = useWay(organizations, id);
	const way = useWay(organizations, to);
	const may = useMayAt([id, to, from].filter((o) => typeof o === "string"));
	const preview = usePreview(id, to, instead);
	const name = org?.attributes.name ?? here?.at(-1)?.attributes.name ?? "";
	const target = to === null ? t("organization.move.theHeadOfATree") : (way?.at(-1)?.attributes.name ?? "");
	const by = useStanding();
	const place = refusal(id, from, to, way, may, by);
	const unknown = preview.error?.status === 409; // it is too much to tell, or the move is refused for the same reason
	const refused = preview.error && !unknown && preview.error.message;
	const not = place || refused || unreplaced(preview.data?.attributes.rolesLost, instead);
	const below = org?.meta?.counts?.descendants ?? 0;
	const done = () => {
		close();
		void store.refresh();
		notify(
			back ? t("organization.move.movedBack", { name }) : t("organization.move.movedTo", { name, target }),
			back ? undefined : () => askToMove({ id, to: from ?? null, back: true }),
		);
	};
	const patch = useSend(done);
	const move = useSend(done);
	const lost = preview.data?.attributes.loses?.total ?? 0;
	const submit = () => {
		if (not || to === undefined) return;
		if (unknown) {
			const data = to === null ? null : { type: "organizations", id: to };
			patch.mutate({ to: url(`${organizations}/${id}/relationships/parent`), method: "PATCH", body: { data } });
			return;
		}
		const attributes = { preview: false, digest: preview.data?.attributes.digest };
		move.mutate(
			{ to: url("moves"), method: "POST", body: moveBody(id, to, instead, attributes) },
			{
				onError: (e) => {
					if (e.status !== 412) return;
					setStale(true); // somebody has been given or has lost something meanwhile: it is said again what the move does
					void preview.refetch();
				},
			},
		);
	};
	const error = patch.error ?? (move.error?.status === 412 ? null : move.error);
	const busy = patch.isPending || move.isPending;
	return (
		<FormDialog
			title={
				<>
					{back ? t("organization.move.moveBack") : t("common.move")} <Typed>{name}</Typed>
				</>
			}
			intro={
				below > 0 ? t("organization.move.withItsBelowOrganization", { below }) : t("organization.move.withEverythingInItNothing")
			}
			close={close}
			act={
				unknown
					? t("organization.move.moveThoughItIsNot")
					: lost > 0
						? t("organization.move.moveAndTakeAccessFrom", { lost })
						: target
							? t("organization.move.moveTo", { target })
							: t("common.move")
			}
			submit={submit}
			not={not || (to !== undefined && !preview.settled && t("organization.move.whatItDoesIsBeing"))}
			busy={busy}
			error={error}
			beside={<span className="second quiet end wide-only">{t("organization.move.canBeMovedBackEvents")}</span>}
		>
			<ol className="spine">
				<li>
					<span>
						<del>
							<Typed>{here ? names(here.slice(0, -1)) || t("organization.move.theHeadOfATree") : "…"}</Typed>
						</del>
					</span>
					<span className="second quiet">{t("organization.move.whereItIsNow")}</span>
				</li>
				<li data-gives={to !== undefined && !place ? "" : undefined}>
					<span>
						{to === undefined ? (
							<span className="quiet">{t("organization.move.notChosenYet")}</span>
						) : (
							<b>
								<Typed>{to === null ? t("organization.move.theHeadOfATree") : `${names(way ?? [])} › ${name}`}</Typed>
							</b>
						)}
					</span>
					<span className="second quiet">{t("organization.move.whereItWillBe")}</span>
				</li>
			</ol>
			{preset === undefined && (
				<Target
					id={id}
					from={from}
					organizations={organizations}
					choose={(f) => {
						setTo(f.id);
						setInstead({});
						setStale(false);
					}}
				/>
			)}
			{to !== undefined && place && (
				<p className="notice" data-is="warn">
					<Icon name="alert" />
					<span>{place}.</span>
				</p>
			)}
			{stale && (
				<p className="notice" data-is="warn" role="alert">
					<Icon name="alert" />
					<span>{t("organization.move.somethingHasChangedSinceIt")}</span>
				</p>
			)}
			{to !== undefined && !place && <Consequence preview={preview} to={to} instead={instead} setInstead={setInstead} />}
		</FormDialog>
	);
}

/** Returns why a branch cannot go to a place, undefined for none yet, false if it can. */
function refusal(
	id: string,
	from: string | undefined,
	to: string | null | undefined,
	way: Organization[] | undefined,
	may: ReturnType<typeof useMayAt>,
	by: Standing,
): string | false {
	if (to === undefined) return t("organization.move.chooseWhereTo");
	if (to === id) return t("common.thatIsWhatIsMoved");
	if (to === from || (to === null && !from)) return t("common.itIsThereAlready");
	if (way?.some((o) => o.id === id)) return t("common.thatIsInsideOfWhat");
	if (!may.known) return false;
	if (to === null && by.heads) return by.heads;
	if (to !== null && may.has(to) && !may(to, "organizations:write")) return t("common.itTakesOrganizationsWriteThere");
	return movesAway(id, from, may, by);
}
