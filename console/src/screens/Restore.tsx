/* Bringing back an organization that was deleted: where it was, or below another one if that is gone. */

import { useState } from "react";
import { useLocation } from "wouter";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { useRead, useSend } from "../api/query";
import type { TreeStore } from "../frame/tree-store";
import { FormDialog } from "../parts/dialog";
import { Choice, Field } from "../parts/field";
import { notify } from "../parts/live";
import { Typed } from "../parts/small";
import { rich, t } from "../words/message";

interface RestoreProps {
	target: Organization;
	/** The path of organizations for the caller. */
	organizations: string;
	store: TreeStore;
	close: () => void;
}

export default function Restore({ target, organizations, store, close }: RestoreProps) {
	const [, go] = useLocation();
	const [place, setPlace] = useState("was");
	const [text, setText] = useState("");
	const [below, setBelow] = useState("");
	const name = target.attributes.name ?? "";
	const found = useRead<Organization[]>(
		place === "other"
			? url(organizations, {
					"filter[name][contains]": text.trim(),
					sort: "name",
					"fields[organizations]": "name,number",
					"page[size]": 50,
				})
			: null,
		{ keep: true },
	);
	const send = useSend<Organization>((a) => {
		close();
		void store.refresh();
		const slug = a.data.attributes.slug;
		notify(
			slug === target.attributes.slug
				? t("screens.restore.restored", { name })
				: t("screens.restore.restoredItsSlugIsNow", { name, slug }),
		);
		go(`/organizations/${a.data.id}`);
	});
	const not = place === "other" && !below && t("screens.restore.chooseWhere");
	const submit = () =>
		send.mutate({
			to: url(`${organizations}/${target.id}`),
			method: "PATCH",
			body: {
				data: {
					type: "organizations",
					id: target.id,
					attributes: { deletedAt: null },
					...(place === "other" ? { relationships: { parent: { data: { type: "organizations", id: below } } } } : {}),
				},
			},
		});
	const options = (found.data?.data ?? []).map((o) => ({ value: o.id, label: `${o.attributes.name} #${o.attributes.number}` }));
	return (
		<FormDialog
			title={rich("common.restore", { name: <Typed>{name}</Typed> })}
			intro={t("screens.restore.itComesBackWithIts")}
			close={close}
			submit={submit}
			act={t("screens.restore.restoreIt")}
			not={not}
			busy={send.isPending}
			error={send.error}
		>
			<Choice
				label={t("common.where")}
				value={place}
				onChange={setPlace}
				options={[
					{ value: "was", label: t("screens.restore.whereItWas") },
					{ value: "other", label: t("screens.restore.belowAnotherOne") },
				]}
				hint={t("screens.restore.whereItWasIsDeleted")}
			/>
			{place === "other" && (
				<>
					<Field
						label={t("screens.restore.lookFor")}
						type="search"
						value={text}
						onChange={(e) => setText(e.target.value)}
						autoComplete="off"
					/>
					<Choice
						label={t("common.below")}
						value={below}
						onChange={setBelow}
						options={[
							{ value: "", label: options.length ? t("screens.restore.chooseOne") : t("screens.restore.noneIsCalledSo") },
							...options,
						]}
					/>
				</>
			)}
		</FormDialog>
	);
}
