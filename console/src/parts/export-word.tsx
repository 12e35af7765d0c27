import { Icon } from "./icons";
import { t } from "../words/message";

/** What stands on the button of an export: on a phone there is room for the sign alone. */
export function ExportWord() {
	return (
		<>
			<Icon name="save" />
			<span className="wide-only">{t("parts.export.export")}</span>
		</>
	);
}
