/* The organizations that were deleted, for whoever may bring them back. */

import { Suspense, useState } from "react";
import { useStanding } from "../api/standing";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { usePages } from "../api/pages";
import type { TreeStore } from "../frame/tree-store";
import { later } from "../parts/later";
import { Rows, Table } from "../parts/rows";
import { Button, Empty } from "../parts/small";
import { Listing } from "../parts/listing";
import { short } from "../words/time";
import { t } from "../words/message";
import { OrganizationName } from "../parts/organization-name";

const Restore = later(() => import("./Restore"));

export default function Deleted({ text, organizations, store }: { text: string; organizations: string; store: TreeStore }) {
	const { heads } = useStanding(); // whoever makes organizations brings them back
	const [over, setOver] = useState<Organization | null>(null);
	const list = usePages<Organization>(
		url(organizations, {
			"filter[deleted]": true,
			"filter[name][contains]": text,
			sort: "name",
			"fields[organizations]": "name,slug,number,kind,deletedAt",
			"page[size]": 100,
		}),
		{ keep: true },
	);
	return (
		<>
			<Listing
				list={list}
				what="list.organizations"
				empty={
					<Empty title={t("screens.deleted.noneIsDeleted")}>
						{text ? t("screens.deleted.noneThatIsCalledSo") : t("screens.deleted.whatIsDeletedIsListed")}
					</Empty>
				}
			>
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">{t("common.name")}</th>
							<th scope="col" className="number">
								{t("common.number")}
							</th>
							<th scope="col">{t("common.deleted")}</th>
							<th scope="col">
								<span className="only-read">{t("common.actions")}</span>
							</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(o) => (
							<tr>
								<td>
									<OrganizationName of={o} leads={false} />
								</td>
								<td className="number mono" data-fold="no">
									{o.attributes.number}
								</td>
								<td className="second nowrap" data-fold="under">
									{short(o.attributes.deletedAt)}
								</td>
								<td data-fold="end">
									<Button
										small
										not={heads}
										label={t("common.restore", { name: o.attributes.name })}
										onClick={() => setOver(o)}
									>
										{t("screens.deleted.restore")}
									</Button>
								</td>
							</tr>
						)}
					</Rows>
				</Table>
			</Listing>
			<Suspense fallback={null}>
				{over && <Restore target={over} organizations={organizations} store={store} close={() => setOver(null)} />}
			</Suspense>
		</>
	);
}
