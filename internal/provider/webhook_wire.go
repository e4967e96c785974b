package provider

import (
	"bytes"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// wireWebhook is a webhook as Terraform sends it: JSON of a state file, or
// msgpack. It stands for values without unknowns only.
type wireWebhook struct {
	ID             *string             `json:"id" msgpack:"id"`
	Address        *string             `json:"address" msgpack:"address"`
	Types          []string            `json:"types" msgpack:"types"`
	Enabled        *bool               `json:"enabled" msgpack:"enabled"`
	APIVersion     *string             `json:"api_version" msgpack:"api_version"`
	TransportType  *string             `json:"transport_type" msgpack:"transport_type"`
	Authentication *wireAuthentication `json:"authentication" msgpack:"authentication"`
	OAuth          *wireOAuth          `json:"oauth" msgpack:"oauth"`
	LiveMode       *bool               `json:"live_mode" msgpack:"live_mode"`
	CreatedTime    *string             `json:"created_time" msgpack:"created_time"`
	UpdatedTime    *string             `json:"updated_time" msgpack:"updated_time"`
}

type wireAuthentication struct {
	Username          *string `json:"username" msgpack:"username"`
	Password          *string `json:"password" msgpack:"password"`
	PasswordWO        *string `json:"password_wo" msgpack:"password_wo"`
	PasswordWOVersion *int64  `json:"password_wo_version" msgpack:"password_wo_version"`
}

type wireOAuth struct {
	TokenEndpoint         *string `json:"token_endpoint" msgpack:"token_endpoint"`
	ClientID              *string `json:"client_id" msgpack:"client_id"`
	ClientSecret          *string `json:"client_secret" msgpack:"client_secret"`
	ClientSecretWO        *string `json:"client_secret_wo" msgpack:"client_secret_wo"`
	ClientSecretWOVersion *int64  `json:"client_secret_wo_version" msgpack:"client_secret_wo_version"`
	GrantType             *string `json:"grant_type" msgpack:"grant_type"`
	Username              *string `json:"username" msgpack:"username"`
	Password              *string `json:"password" msgpack:"password"`
	PasswordWO            *string `json:"password_wo" msgpack:"password_wo"`
	PasswordWOVersion     *int64  `json:"password_wo_version" msgpack:"password_wo_version"`
	Audience              *string `json:"audience" msgpack:"audience"`
}

// webhookOnWire reads a value; ok is false for what is null as a whole, has
// unknowns, or is not of this schema.
func webhookOnWire(value *tfprotov6.DynamicValue) (webhook webhookModel, ok bool) {
	if value == nil || len(value.MsgPack) == 0 {
		return webhookModel{}, false
	}
	decoder := msgpack.GetDecoder()
	defer msgpack.PutDecoder(decoder)
	decoder.Reset(bytes.NewReader(value.MsgPack))
	var wire *wireWebhook
	if err := decoder.Decode(&wire); err != nil || wire == nil {
		return webhookModel{}, false
	}
	return wire.model(), true
}

// rewire turns JSON of a state file into msgpack; ok is false for what is not
// of this schema. What the JSON leaves out is null.
func rewire(state []byte) (value *tfprotov6.DynamicValue, ok bool) {
	decoder := json.NewDecoder(bytes.NewReader(state))
	decoder.DisallowUnknownFields()
	var wire *wireWebhook
	if err := decoder.Decode(&wire); err != nil || wire == nil {
		return nil, false
	}
	encoded, err := msgpack.Marshal(wire)
	return &tfprotov6.DynamicValue{MsgPack: encoded}, err == nil
}

func (w *wireWebhook) model() webhookModel {
	model := webhookModel{
		ID:             types.StringPointerValue(w.ID),
		Address:        types.StringPointerValue(w.Address),
		Types:          types.ListNull(types.StringType),
		Enabled:        types.BoolPointerValue(w.Enabled),
		APIVersion:     types.StringPointerValue(w.APIVersion),
		TransportType:  types.StringPointerValue(w.TransportType),
		Authentication: types.ObjectNull(authenticationTypes),
		OAuth:          types.ObjectNull(oauthTypes),
		LiveMode:       types.BoolPointerValue(w.LiveMode),
		CreatedTime:    types.StringPointerValue(w.CreatedTime),
		UpdatedTime:    types.StringPointerValue(w.UpdatedTime),
	}
	if w.Types != nil {
		model.Types = listOf(w.Types)
	}
	if a := w.Authentication; a != nil {
		model.Authentication = types.ObjectValueMust(authenticationTypes, map[string]attr.Value{
			"username": types.StringPointerValue(a.Username),
			"password": types.StringPointerValue(a.Password), "password_wo": types.StringPointerValue(a.PasswordWO),
			"password_wo_version": types.Int64PointerValue(a.PasswordWOVersion),
		})
	}
	if o := w.OAuth; o != nil {
		model.OAuth = types.ObjectValueMust(oauthTypes, map[string]attr.Value{
			"token_endpoint": types.StringPointerValue(o.TokenEndpoint),
			"client_id":      types.StringPointerValue(o.ClientID),
			"client_secret":  types.StringPointerValue(o.ClientSecret), "client_secret_wo": types.StringPointerValue(o.ClientSecretWO),
			"client_secret_wo_version": types.Int64PointerValue(o.ClientSecretWOVersion),
			"grant_type":               types.StringPointerValue(o.GrantType),
			"username":                 types.StringPointerValue(o.Username),
			"password":                 types.StringPointerValue(o.Password), "password_wo": types.StringPointerValue(o.PasswordWO),
			"password_wo_version": types.Int64PointerValue(o.PasswordWOVersion),
			"audience":            types.StringPointerValue(o.Audience),
		})
	}
	return model
}
