/* All keys that one may see, those first that end soon. */

import { url } from "../api/client";
import type { ApiKey } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Empty } from "../parts/small";
import { Listing } from "../parts/listing";
import type { ScreenProps } from "../Console";
import { KeyTable } from "./keys/KeyTable";
import { ListPage } from "./list-page";
import { useQueryState } from "./query-state";
import { asWords, FilterChip, Segments } from "../parts/choices";
import { t } from "../words/message";

const kinds = asWords(["", "organization", "user", "management"]);

export default function Keys(_: ScreenProps) {
	const [kind, setKind] = useQueryState("filter[kind]");
	const [keyId, setKeyId] = useQueryState("filter[keyId]");
	const request = url("apiKeys", {
		"filter[kind]": kind,
		"filter[keyId]": keyId,
		sort: "-createdAt",
		include: "organization,user",
		"fields[organizations]": "name",
		"fields[users]": "fullName",
		"page[size]": 100,
	});
	const list = usePages<ApiKey>(request, { keep: true });
	usePage({ title: t("common.keys"), crumbs: [{ name: t("common.keys") }], request });
	return (
		<ListPage
			title={t("common.keys")}
			said={
				list.total
					? t(kind || keyId ? "screens.keys.credentialsOfProgramsTotalKey2" : "screens.keys.credentialsOfProgramsTotalKey", {
							total: list.total,
						})
					: t("screens.keys.credentialsOfPrograms")
			}
			word="apiKeys:read"
			what={t("common.keys2")}
			list={list}
			filtered={Boolean(kind || keyId)}
		>
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<Segments label={t("common.kind")} of={kinds} value={kind} choose={setKind} />
				<span className="end">
					<Export of={request} what="keys" />
				</span>
				{keyId && (
					<FilterChip
						label={t("screens.keys.clearTheFilterOfThe")}
						on={t("screens.keys.keyId")}
						id={keyId}
						clear={() => setKeyId("")}
					/>
				)}
			</div>
			<Listing
				list={list}
				what="list.keys"
				empty={
					<Empty title={t("screens.keys.noKey")}>
						{keyId
							? t("screens.keys.noneThatYouMaySee")
							: kind
								? t("screens.keys.chooseAnotherKind")
								: t("screens.keys.keysAreMadeAtAn")}
					</Empty>
				}
			>
				<KeyTable list={list} included={list.included} whose />
			</Listing>
		</ListPage>
	);
}
